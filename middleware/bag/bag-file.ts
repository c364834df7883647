import type { BagTopic, ForeignTopic } from './bag-message.js'
import type { BagEpoch } from './bag-epoch.js'
import type { Source } from './merge.js'

/** One file of a bag, whatever its storage. */
export interface BagFile {
  readonly path: string
  readonly size: number
  readonly topics: readonly BagTopic[]
  readonly foreign: readonly ForeignTopic[]
  /** First and last receive time, absolute ns; `end < start` for a file without messages. */
  readonly start: bigint
  readonly end: bigint
  readonly records: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly damage: string | undefined
  /** The file's messages, as sources in file order. */
  sources(epoch: BagEpoch): Source[]
  close(): Promise<void>
}

export interface FileToOpen {
  /** The path that the user gave. */
  readonly path: string
  /** Path of the uncompressed file; differs from `path` when that is compressed. */
  readonly plain: string
  /** Each message is compressed with zstd on its own. */
  readonly messageCompression: boolean
}

/** The type name with `msg/`: `sensor_msgs/Image` and `sensor_msgs/msg/Image` are one type. */
export function typeName(name: string): string {
  const parts = name.split('/')
  return parts.length === 2 ? `${parts[0]}/msg/${parts[1]}` : name
}
