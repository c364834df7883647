import type { Clock, Disposable } from '../bus.js'
import { MARGIN, SimulatedClock } from '../local/simulated-clock.js'
import { SystemClock } from '../local/system-clock.js'
import { rosAddon, type RosNode } from './rclnodejs.js'

/** ms between two readings of the system's clock, which other programs set and slew. */
const FOLLOW_PERIOD = 1000
const SECOND = 1_000_000_000

/**
 * ROS time of a node, in whole ns since `epochSec` (absolute seconds, never before 1970): the system's clock, or the
 * time of /clock with `use_sim_time`.
 */
export class Ros2Clock implements Clock {
  readonly #simulated: SimulatedClock | undefined
  readonly #clock: SystemClock | SimulatedClock
  readonly #epochSec: number
  readonly #release: () => void
  /** Takes the next /clock message in the queue; false when it is empty. */
  #next: () => boolean = () => false

  constructor(node: RosNode) {
    const absolute = (): bigint => node.getClock().now().nanoseconds
    if (node.hasParameter('use_sim_time') && node.getParameter('use_sim_time').value === true) {
      const clock = new SimulatedClock()
      this.#simulated = this.#clock = clock
      this.#epochSec = 0
      const subscription = node.createSubscription(
        'rosgraph_msgs/msg/Clock',
        '/clock',
        { isRaw: true, qos: 'qos_profile_sensor_data' },
        bytes => update(clock, bytes),
      )
      this.#release = () => node.destroySubscription(subscription)
      const addon = rosAddon()
      this.#next = () => {
        const bytes = addon.rclTakeRaw(subscription.handle)
        if (bytes !== undefined) update(clock, bytes)
        return bytes !== undefined
      }
    } else {
      const now = absolute()
      this.#epochSec = Number(now / BigInt(SECOND)) - MARGIN
      const epoch = BigInt(this.#epochSec) * BigInt(SECOND)
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

  /** The epoch moves when simulated time jumps back. */
  get epochSec(): number {
    return this.#simulated?.epochSec ?? this.#epochSec
  }

  /** Whether a time is known. Simulated time is known from the first /clock message on. */
  get known(): boolean {
    return this.#simulated?.known ?? true
  }

  /** How often simulated time went back. */
  get jumps(): number {
    return this.#simulated?.jumps ?? 0
  }

  now(): number {
    return this.#clock.now()
  }

  /**
   * Called for a message with this stamp (ns since the epoch). It first takes /clock messages from the queue, as many
   * as bus time needs to reach the stamp. An executor takes the topics in an order of its own, so after a pause a
   * sensor's message may be read before its time, and would lie in the future.
   */
  reach(stamp: number): void {
    while (this.now() < stamp && this.#next());
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
}

function update(clock: SimulatedClock, bytes: Buffer): void {
  // rosgraph_msgs/Clock: four bytes of encapsulation (the second one is odd for little-endian), then sec and nanosec.
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.byteLength < 12) return
  const little = view.getUint8(1) === 1
  clock.update(view.getInt32(4, little), view.getUint32(8, little))
}
