import type { Clock, Disposable } from '../bus.js'
import { SteppedClock } from '../local/stepped-clock.js'
import { SystemClock } from '../local/system-clock.js'
import type { RosNode } from './rclnodejs.js'

/** ms between two looks at the system's clock, which others set and slew. */
const FOLLOW_PERIOD = 1000
const SECOND = 1_000_000_000
/** ns by which /clock may step back before it is a jump: messages of several publishers overtake each other. */
const BACKLASH = 100_000_000
/** ns that bus time leaps ahead at a jump, at least: further than any window or gap reaches. */
const LEAP = 2 * SECOND

/** s before its first reading at which a clock's epoch lies: stamps of what was measured before are positive too. */
const MARGIN = 3600

/**
 * ROS time of a node, in whole ns since `epochSec` (absolute seconds, never before 1970): the system's clock, or with
 * `use_sim_time` what /clock says. It never goes back: when simulated time does (a bag that loops, a simulator's reset) the epoch moves, so that
 * bus time and the stamps of all that comes afterwards lie two seconds ahead, and nothing from before meets anything from after.
 */
export class Ros2Clock implements Clock {
  epochSec = 0
  /** Whether it is known what time it is: with simulated time, from the first word of /clock on. */
  known = false
  /** Times that simulated time went back. */
  jumps = 0
  readonly #clock: SystemClock | SteppedClock
  readonly #release: () => void

  constructor(node: RosNode) {
    const absolute = (): bigint => node.getClock().now().nanoseconds
    if (node.hasParameter('use_sim_time') && node.getParameter('use_sim_time').value === true) {
      const clock = new SteppedClock(0)
      this.#clock = clock
      const subscription = node.createSubscription('rosgraph_msgs/msg/Clock', '/clock', { isRaw: true, qos: 'qos_profile_sensor_data' }, bytes => this.#hear(clock, bytes))
      this.#release = () => node.destroySubscription(subscription)
    } else {
      const now = absolute()
      this.epochSec = Number(now / BigInt(SECOND)) - MARGIN
      this.known = true
      const epoch = BigInt(this.epochSec) * BigInt(SECOND)
      const clock = new SystemClock()
      clock.follow(Number(now - epoch))
      this.#clock = clock
      const timer = setInterval(() => clock.follow(Number(absolute() - epoch)), FOLLOW_PERIOD)
      timer.unref()
      this.#release = () => {
        clearInterval(timer)
        clock.close()
      }
    }
  }

  now(): number {
    return this.#clock.now()
  }

  at(stamp: number, callback: () => void): Disposable {
    return this.#clock.at(stamp, callback)
  }

  every(period: number, callback: () => void): Disposable {
    return this.#clock.every(period, callback)
  }

  close(): void {
    this.#release()
  }

  #hear(clock: SteppedClock, bytes: Buffer): void {
    // rosgraph_msgs/Clock: four bytes of encapsulation (the second one odd: little endian), then sec and nanosec.
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    if (view.byteLength < 12) return
    const little = view.getUint8(1) === 1
    const sec = view.getInt32(4, little)
    if (!this.known) this.epochSec = Math.max(0, sec - MARGIN)
    const nanosec = view.getUint32(8, little)
    const stamp = (sec - this.epochSec) * SECOND + nanosec
    if (!this.known) {
      this.known = true
      return clock.jumpTo(stamp)
    }
    if (stamp >= clock.now()) return clock.advanceTo(stamp)
    if (clock.now() - stamp <= BACKLASH) return
    this.jumps++
    this.epochSec = sec - Math.ceil((clock.now() + LEAP) / SECOND)
    clock.jumpTo((sec - this.epochSec) * SECOND + nanosec)
  }
}
