import type { Status } from '../middleware/ros2/diagnostics.js'
import type { FusionNode } from '../nodes/fusion-node.js'
import type { Robot, Stream } from '../robots/robot.js'
import { StreamHealth, type StreamHealthOptions } from './stream-health.js'

/** One status for each stream of the robot file: its rate, and how many of its samples were dropped and why. */
export class StreamRates {
  readonly #node: FusionNode
  readonly #streams: readonly { readonly stream: Stream; readonly health: StreamHealth }[]

  constructor(robot: Robot, node: FusionNode, { bus, log }: Pick<StreamHealthOptions, 'bus' | 'log'>) {
    this.#node = node
    // Utterances come at no rate.
    this.#streams = robot.streams.map(stream => ({
      stream,
      health: new StreamHealth({ bus, log, topic: stream.topic, steady: stream.modality !== 'voice' }),
    }))
  }

  /** The statuses of the time since the call before. */
  statuses(): Status[] {
    const listening = this.#node.state === 'active'
    return this.#streams.map(({ stream: { name, type }, health }) => {
      const { accepted = 0, reordered = 0 } = this.#node.aligner.counters.streams.get(name) ?? {}
      // Samples for the tare were used, so they do not count as dropped.
      const { tare = 0, ...dropped } = this.#node.dropped(name)
      return health.status({
        taken: accepted,
        dropped,
        listening,
        fine: listening ? 'ok' : 'not listening',
        values: { stream: name, type, accepted, reordered, ...(tare > 0 && { tare }) },
      })
    })
  }
}
