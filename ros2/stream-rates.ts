import type { Aligner } from '../fusion/aligner.js'
import { occurred } from '../fusion/counters.js'
import type { Robot, Stream } from '../robots/robot.js'
import type { Status } from '../middleware/ros2/diagnostics.js'
import { StreamHealth, type StreamHealthOptions } from './stream-health.js'

/** One status a stream of the robot file: its rate since the last look, what was dropped of it and why. */
export class StreamRates {
  readonly #aligner: Aligner
  readonly #streams: readonly { readonly stream: Stream; readonly health: StreamHealth }[]

  constructor(robot: Robot, aligner: Aligner, { bus, log }: Pick<StreamHealthOptions, 'bus' | 'log'>) {
    this.#aligner = aligner
    // Events have no rate to miss.
    this.#streams = robot.streams.map(stream => ({
      stream,
      health: new StreamHealth({ bus, log, topic: stream.topic, steady: stream.modality !== 'voice' }),
    }))
  }

  look(listening: boolean): Status[] {
    return this.#streams.map(({ stream: { name, type }, health }) => {
      const counters = this.#aligner.counters.streams.get(name)
      const { accepted = 0, reordered = 0 } = counters ?? {}
      // What was used up for the tare was of use.
      const { tare = 0, ...dropped } = counters ? occurred(counters.dropped) : {}
      return health.look({
        taken: accepted,
        dropped,
        listening,
        fine: listening ? 'ok' : 'not listening',
        values: { stream: name, type, accepted, reordered, ...(tare > 0 && { tare }) },
      })
    })
  }
}
