import type { BagWriter } from '../../middleware/bag/bag-writer.js'
import type { Bus, Disposable } from '../../middleware/bus.js'
import { isTypeName } from '../../middleware/cdr/codecs.js'
import type { Robot } from '../../robots/robot.js'
import { UsageError } from '../output/output.js'

export interface TopicName {
  readonly topic: string
  readonly type: string
}

/** Where the topics of a recording come from. */
export interface TopicSource {
  /** Absolute seconds at stamp 0. Undefined: the time of the first message. */
  readonly epochSec: (() => number) | undefined
  /** The topics that have a publisher, whatever their types. */
  topics(): readonly TopicName[]
  /**
   * Writes every message of a topic from now on, and tells of its receive time (ns of the source's clock). Throws an
   * Error of one line where messages of that type cannot be had.
   */
  record(name: TopicName, writer: BagWriter, onMessage: (receive: number) => void): Disposable
  /** Topics of the robot's streams that it can never have, once it has begun. */
  readonly lacks: readonly string[]
  /** The sensors begin, where this process starts them. */
  begin(): Promise<void>
  close(): Promise<void>
}

export interface SourceOptions {
  /** Undefined: no robot file was named. */
  readonly robot: Robot | undefined
  /** Of what a simulated cell draws. */
  readonly seed: number
  readonly signal: AbortSignal
  /** Called with one line that the user should know. */
  readonly onNotice: (text: string) => void
  /** Called with one line when the source can give nothing any more. */
  readonly onLost: (text: string) => void
  readonly onError: (error: unknown) => void
}

/** Starts a source. Rejects with UsageError, MissingPackageError or another error of one line where it cannot. */
export type OpenSource = (options: SourceOptions) => Promise<TopicSource>

/** The part of a source whose topics are those of a bus in this process. */
export function topicsOf(bus: Bus): Pick<TopicSource, 'topics' | 'record'> {
  return {
    topics: () => bus.topics().filter(({ publishers }) => publishers > 0),
    record({ topic, type }, writer, onMessage) {
      if (!isTypeName(type)) throw new UsageError(`${topic}: ${type} is not a type that travels here`)
      return bus.subscribe(topic, type, (message, receive) => {
        writer.write(topic, type, message, receive)
        onMessage(receive)
      })
    },
  }
}

/** The topics of a robot's streams that nobody in this process publishes. */
export function lackedOf(bus: Bus, robot: Robot): string[] {
  const published = new Set(bus.topics().flatMap(({ topic, publishers }) => (publishers > 0 ? [topic] : [])))
  return robot.streams.map(({ topic }) => topic).filter(topic => !published.has(topic))
}

/** The robot of a source that cannot be without one. Throws UsageError. */
export function robotOf({ robot }: SourceOptions, source: string): Robot {
  if (robot === undefined) throw new UsageError(`--source ${source}: needs a robot file; name one with --robot`)
  return robot
}
