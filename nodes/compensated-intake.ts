import { CompensatedWrench } from '../control/guard/compensated-wrench.js'
import type { Compensation } from '../fusion/compensation/compensation.js'
import { ms } from '../fusion/stamp.js'
import type { Bus, Disposable } from '../middleware/bus.js'
import type { Robot, Stream } from '../robots/robot.js'
import { busTime, HeaderCheck } from './intake/header-check.js'

/** The orientation is missing for this long (ns) before the user is told: at the start a wrench may come first. */
const PATIENCE = 1_000_000_000

/** The wrenches of one stream and the poses that turn them, from the bus to the guard. */
export class CompensatedIntake {
  readonly #stream: Stream
  readonly #orientation: Stream
  readonly #compensation: Compensation
  readonly #onNotice: ((text: string) => void) | undefined
  readonly #wrench: CompensatedWrench
  /** Stamp of the first of the latest wrenches without an orientation; NaN: the latest one had it. */
  #lostSince = NaN
  #told = false

  constructor(
    stream: Stream,
    compensation: Compensation,
    { robot, onNotice }: { readonly robot: Robot; readonly onNotice?: ((text: string) => void) | undefined },
  ) {
    this.#stream = stream
    // The reader of robot files has checked the name.
    this.#orientation = robot.streams.find(({ name }) => name === compensation.orientation) as Stream
    this.#compensation = compensation
    this.#onNotice = onNotice
    this.#wrench = new CompensatedWrench(compensation)
  }

  /** Number of wrenches without an orientation. */
  get unoriented(): number {
    return this.#wrench.unoriented
  }

  subscribe(bus: Bus): Disposable {
    const { topic } = this.#orientation
    const timeOf = busTime(this.#orientation)
    const check = HeaderCheck.of(this.#orientation, this.#onNotice)
    return bus.subscribe(topic, 'geometry_msgs/msg/PoseStamped', (message, receive) => {
      if (check.fault(message) === undefined) this.#wrench.hearPose(timeOf(message, receive), message.pose)
    })
  }

  /** An episode begins. */
  restart(): void {
    this.#wrench.restart()
    this.#lostSince = NaN
  }

  /**
   * The compensated wrench, f64[6], which is refilled by the next call. Undefined where no pose lies near enough to its
   * stamp (ns). The user is told where that lasts.
   */
  take(stamp: number, wrench: Float64Array): Float64Array | undefined {
    if (this.#wrench.take(stamp, wrench)) {
      this.#lostSince = NaN
      this.#told = false
      return this.#wrench.values
    }
    if (Number.isNaN(this.#lostSince)) this.#lostSince = stamp
    if (stamp - this.#lostSince >= PATIENCE && !this.#told) this.#tell()
    return undefined
  }

  #tell(): void {
    this.#told = true
    const { name, topic } = this.#stream
    this.#onNotice?.(
      `stream ${name} (${topic}): no pose of ${this.#orientation.name} (${this.#orientation.topic}) lies within ` +
        `${ms(this.#compensation.maxAge)} of its stamps: it is not used until there is one`,
    )
  }
}
