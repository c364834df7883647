import type { Status } from '../middleware/ros2/diagnostics.js'
import type { RosLogger } from '../middleware/ros2/rclnodejs.js'
import type { Ros2Bus, TopicHealth } from '../middleware/ros2/ros2-bus.js'
import { SilenceLog } from './silence-log.js'

export interface StreamHealthOptions {
  readonly bus: Pick<Ros2Bus, 'clock' | 'health'>
  readonly log: RosLogger
  /** The name by which the bus subscribes to it. */
  readonly topic: string
  /** Whether messages come at a rate: a second without one is then worth a warning. Default true. */
  readonly steady?: boolean
}

/** What is known of a stream beside what the bus knows. */
export interface StreamCounts {
  /** Messages that were used so far. */
  readonly taken: number
  /** Messages that were dropped so far, by reason. The bus counts the messages whose bytes could not be read. */
  readonly dropped: Readonly<Record<string, number>>
  readonly listening: boolean
  /** The message of the status where nothing is wrong. */
  readonly fine: string
  readonly values: Status['values']
}

/**
 * The health of one stream, once a second. Its status names the reasons for which messages were dropped. A stream
 * counts as silent only if no message came. The log is told when messages begin to be dropped for a reason, and again
 * only after that had ceased. It is also told when the stream falls silent and when it comes back.
 */
export class StreamHealth {
  readonly #options: StreamHealthOptions
  readonly #silence: SilenceLog
  #before: { readonly taken: number; readonly received: number; readonly dropped: Readonly<Record<string, number>> } = {
    taken: 0,
    received: 0,
    dropped: {},
  }
  #updatedAt = performance.now()
  #dropping: readonly string[] = []

  constructor(options: StreamHealthOptions) {
    const { log, topic } = options
    this.#options = options
    this.#silence = new SilenceLog(log, {
      never: `${topic}: nothing has come yet`,
      ended: `${topic}: has fallen silent`,
      back: `${topic}: is heard`,
    })
  }

  /** The status of the time since the call before. `listening`: whether the node subscribes to the stream now. */
  status({ taken, dropped: counted, listening, fine, values }: StreamCounts): Status {
    const { bus, log, topic, steady = true } = this.#options
    const {
      received = 0,
      malformed = 0,
      newest,
    }: Partial<TopicHealth> = bus.health().find(({ asked }) => asked === topic) ?? {}
    const dropped = { ...counted, ...(malformed > 0 && { bad_message: malformed }) }
    const before = this.#before
    this.#before = { taken, received, dropped }
    const seconds = (performance.now() - this.#updatedAt) / 1000
    this.#updatedAt += seconds * 1000
    const lost = Object.entries(dropped)
      .map(([reason, count]) => ({ reason, count: since(count, before.dropped[reason]) }))
      .filter(({ count }) => count > 0)
    for (const { reason, count } of lost)
      if (!this.#dropping.includes(reason)) log.warn(`${topic}: messages are dropped: ${reason} (${count} in a second)`)
    this.#dropping = lost.map(({ reason }) => reason)
    const silent = listening && steady && since(received, before.received) === 0
    if (listening && steady) this.#silence.update(silent)
    const sum = lost.reduce((all, { count }) => all + count, 0)
    const reasons =
      lost.length === 1 ? lost[0]!.reason : lost.map(({ reason, count }) => `${reason} ${count}`).join(', ')
    return {
      name: topic,
      level: silent || sum > 0 ? 'warn' : 'ok',
      message: silent
        ? `${topic}: silent for a second`
        : sum > 0
          ? `${topic}: ${sum} dropped in a second: ${reasons}`
          : fine,
      values: {
        ...values,
        received,
        rate_hz: since(taken, before.taken) / seconds,
        ...(newest !== undefined && { age_ms: (bus.clock.now() - newest) / 1e6 }),
        ...dropped,
      },
    }
  }
}

/** By how much a count has grown. The count of a new subscription begins at 0. */
const since = (count: number, before = 0): number => (count >= before ? count - before : count)
