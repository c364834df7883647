import type { McapTypes } from '@mcap/core'
import { BagDamage } from './bag-error.js'
import { typeName } from './bag-file.js'
import type { ChunkRef } from './mcap-chunk.js'
import { LARGEST_RECORD } from './mcap-records.js'

/** Bytes of the magic at the start and at the end of an MCAP. */
export const MAGIC_LENGTH = 8

export interface McapChannel {
  readonly topic: string
  readonly type: string
  readonly encoding: string
  readonly schemaEncoding: string
  readonly offeredQos: string
  count: number
}

/** The contents of an MCAP file and their positions. */
export interface McapSummary {
  readonly channels: Map<number, McapChannel>
  readonly chunks: ChunkRef[]
  readonly records: MetadataRecords
  start: bigint
  end: bigint
  damage: string | undefined
}

type Typed = McapTypes.TypedMcapRecords

/** Metadata records by name. Together they may be no larger than one record. */
export class MetadataRecords {
  readonly #records = new Map<string, Readonly<Record<string, string>>>()
  #bytes = 0

  /** Throws BagDamage. `bytes`: size of the whole record. */
  add({ name, metadata }: Typed['Metadata'], bytes: number): void {
    this.#bytes += bytes
    if (this.#bytes > LARGEST_RECORD) throw new BagDamage(`its metadata is larger than ${LARGEST_RECORD} bytes`)
    this.#records.set(name, Object.fromEntries(metadata))
  }

  get byName(): Readonly<Record<string, Readonly<Record<string, string>>>> {
    return Object.fromEntries(this.#records)
  }
}

/** The channel as this reader uses it; `count`: number of its messages. */
export function describe(channel: Typed['Channel'], schema: Typed['Schema'] | undefined, count: number): McapChannel {
  return {
    topic: channel.topic,
    type: typeName(schema?.name ?? ''),
    encoding: channel.messageEncoding,
    schemaEncoding: schema?.encoding ?? '',
    offeredQos: channel.metadata.get('offered_qos_profiles') ?? '',
    count,
  }
}
