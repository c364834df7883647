import type { BagMessage } from '../../middleware/bag/bag.js'
import { decode } from '../../middleware/cdr/codecs.js'
import { commandTopics } from '../../nodes/command-wiring.js'
import type { Robot } from '../../robots/robot.js'
import { SECOND } from '../../fusion/stamp.js'
import type { StampClock } from '../replay/replay-bag.js'

/** Whom the actuators of a recording followed, and when. */
export class Followed {
  readonly #topic: string
  readonly #clock: StampClock
  /** The changes, in order. `from`: stamp on the clock of the observations, ns. */
  readonly #changes: { readonly from: number; readonly who: string }[] = []

  constructor(robot: Robot, clock: StampClock) {
    this.#topic = commandTopics(robot).followed
    this.#clock = clock
  }

  /** Takes a message of any topic. */
  hear({ topic, data, receive }: BagMessage): void {
    if (topic !== this.#topic) return
    const who = decode('std_msgs/msg/String', data, this.#clock.epochSec).data
    if (who !== this.#changes.at(-1)?.who) this.#changes.push({ from: receive - this.#clock.apart * SECOND, who })
  }

  /** `policy`, `person` or `nobody`. Undefined: it was not said yet. */
  at(stamp: number): string | undefined {
    return this.#changes.findLast(({ from }) => from <= stamp)?.who
  }
}
