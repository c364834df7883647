import type { Aligner } from '../../fusion/aligner.js'
import { occurred } from '../../fusion/counters.js'
import type { Robot } from '../../fusion/robot/robot.js'
import type { Status } from '../../middleware/ros2/diagnostics.js'
import type { Ros2Bus } from '../../middleware/ros2/ros2-bus.js'

/** One status a stream of the robot file: its rate since the last look, what was dropped of it and why. */
export class StreamRates {
  readonly #robot: Robot
  readonly #aligner: Aligner
  readonly #bus: Ros2Bus
  readonly #before = new Map<string, { accepted: number; dropped: number }>()
  #lookedAt = performance.now()

  constructor(robot: Robot, aligner: Aligner, bus: Ros2Bus) {
    this.#robot = robot
    this.#aligner = aligner
    this.#bus = bus
  }

  /** `listening`: whether silence is worth a warning. Events have no rate to miss. */
  look(listening: boolean): Status[] {
    const now = performance.now()
    const seconds = (now - this.#lookedAt) / 1000
    this.#lookedAt = now
    const health = this.#bus.health()
    return this.#robot.streams.map(({ name, topic, type, modality }): Status => {
      const counters = this.#aligner.counters.streams.get(name)
      const accepted = counters?.accepted ?? 0
      const { received, malformed } = health.find(other => other.asked === topic && other.type === type) ?? { received: 0, malformed: 0 }
      const reasons = counters ? occurred(counters.dropped) : {}
      const dropped = malformed + Object.entries(reasons).filter(([reason]) => reason !== 'tare').reduce((sum, [, count]) => sum + count, 0)
      const before = this.#before.get(name) ?? { accepted: 0, dropped: 0 }
      this.#before.set(name, { accepted, dropped })
      const rate = (accepted - before.accepted) / seconds
      const silent = listening && rate === 0 && modality !== 'voice'
      const lost = dropped - before.dropped
      return {
        name: topic,
        level: silent || lost > 0 ? 'warn' : 'ok',
        message: silent ? `${topic}: silent for a second` : lost > 0 ? `${topic}: ${lost} messages dropped in a second` : listening ? 'ok' : 'not listening',
        values: { stream: name, type, rate_hz: rate, received, accepted, reordered: counters?.reordered ?? 0, malformed, ...reasons },
      }
    })
  }
}
