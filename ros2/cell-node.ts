import { CellRobot, type CellRobotOptions } from '../app/session/cell-robot.js'
import { episodeLine } from '../app/session/run-report.js'
import { LifecycleNode } from '../middleware/lifecycle.js'
import type { FramePublisher } from '../middleware/ros2/frame-publisher.js'
import type { RosNode } from '../middleware/ros2/rclnodejs.js'
import type { Ros2Bus } from '../middleware/ros2/ros2-bus.js'
import { chunkTopic } from '../nodes/fusion-node.js'
import type { Robot } from '../robots/robot.js'
import { ClockPublisher } from './clock-publisher.js'
import { deferred } from './deferred.js'
import { withTimeLimit } from './time-limit.js'
import { waitForPeers, type RequiredEndpoint } from './wait-for-peers.js'

/** ns between two messages on /clock. */
const CLOCK_PERIOD = 2_000_000
/** ms after which the log says that no time comes. */
const CLOCK_WAIT = 10_000

type OfTheCell = 'robot' | 'framePrefix' | 'source' | 'seed' | 'objects' | 'say' | 'awaitCommand' | 'gripperLink'

export interface CellNodeOptions extends Pick<CellRobotOptions, OfTheCell | 'onError'> {
  readonly ros: RosNode
  readonly bus: Ros2Bus
  readonly frames: FramePublisher
  /** How many episodes; 0: until it is deactivated. */
  readonly count: number
  /** s that an episode waits until the cell has subscribers and its arm has commands; 0: it does not wait. */
  readonly wait: number
  readonly publishClock: boolean
  readonly log: (text: string) => void
  readonly warn: (text: string) => void
}

/**
 * A simulated cell as a robot on ROS 2 topics, with its frames on /tf and /tf_static. While the node is active, one
 * episode follows the other (see Episodes).
 */
export class CellNode extends LifecycleNode {
  /** Episodes that ended, and those of them that were won. */
  episodes = 0
  successes = 0
  readonly #done = deferred<void>()
  readonly #options: CellNodeOptions
  #cell: CellRobot | undefined
  #clock: ClockPublisher | undefined
  #running: Promise<void> | undefined
  #ending = new AbortController()
  /** Whether episodes still wait for peers. Once one began without them, none waits any more. */
  #waits = true

  constructor(options: CellNodeOptions) {
    super('cell')
    this.#options = options
  }

  /** Resolves when the last episode is over. Rejects when an episode could not be run; `onError` was told. */
  get done(): Promise<void> {
    return this.#done.promise
  }

  /** Simulated time a unit of real time; 0 before the cell was configured. */
  get realTimeFactor(): number {
    return this.#cell?.realTimeFactor ?? 0
  }

  protected override async onConfigure(): Promise<void> {
    const { bus, frames, log } = this.#options
    const cell = (this.#cell = await CellRobot.start({
      ...this.#options,
      epochSec: () => bus.clock.epochSec,
      onStamp: stamp => this.#clock?.reach(stamp),
      onToolPose: ({ parent, child, stamp, pose }) => frames.moved(parent, child, stamp, pose),
      onHeld: () => log('stopped: "resume" goes on with the next episode'),
    }))
    log(`the gripper's serial port: ${cell.gripperPort}`)
    for (const name of cell.fixedFrames) frames.fixed(name)
  }

  protected override async onActivate(): Promise<void> {
    const { ros, bus, publishClock, onError } = this.#options
    const cell = this.#cell
    if (!cell) throw new Error('cell: activated before it was configured')
    if (publishClock) this.#clock = new ClockPublisher(ros, bus, CLOCK_PERIOD)
    await cell.activate()
    this.#ending = new AbortController()
    this.#running = this.#run(cell, this.#ending.signal).catch((error: unknown) => {
      onError(error)
      this.#done.reject(error)
    })
  }

  protected override async onDeactivate(): Promise<void> {
    this.#ending.abort()
    await this.#running
    this.#clock?.dispose()
    this.#clock = undefined
    await this.#cell?.deactivate()
  }

  protected override async onCleanup(): Promise<void> {
    const cell = this.#cell
    this.#cell = undefined
    await cell?.close()
  }

  async #run(cell: CellRobot, ended: AbortSignal): Promise<void> {
    const { count, wait, log } = this.#options
    await this.#waitForClock(ended)
    this.#waits = wait > 0
    for (let index = 0; count === 0 || index < count; index++) {
      if (this.#waits) await this.#waitForPeers(index, ended)
      const result = await cell.episode(index, ended)
      if (!result || result.reason === 'interrupted') return
      this.episodes++
      if (result.success) this.successes++
      log(episodeLine(result))
    }
    log(`${this.successes} of ${this.episodes} episodes won`)
    this.#done.resolve()
  }

  /** Waits until the nodes that an episode needs are there and active. The sensors publish meanwhile. */
  async #waitForPeers(index: number, ended: AbortSignal): Promise<void> {
    const { ros, wait, log, warn } = this.#options
    const which = `episode ${index + 1}`
    const missing = await withTimeLimit(ended, wait * 1000, signal =>
      waitForPeers(ros, requiredEndpoints(this.#options.robot), {
        check: 'active',
        signal,
        onWait: words => log(`${which} waits up to ${wait} s: ${words}`),
      }),
    )
    if (missing.length === 0 || ended.aborted) return
    this.#waits = false
    warn(`${which} begins after ${wait} s though ${missing.join(', ')}; from now on none waits`)
  }

  /** Waits until the time is known. With simulated time the first message on /clock says it. */
  async #waitForClock(ended: AbortSignal): Promise<void> {
    const {
      bus: { clock },
      warn,
    } = this.#options
    if (clock.known) return
    const timeout = setTimeout(
      () =>
        warn(`no /clock after ${CLOCK_WAIT / 1000} s: does ros_gz_bridge run, with launch/config/gazebo_bridge.yaml?`),
      CLOCK_WAIT,
    )
    await new Promise<void>(resolve => {
      const first = clock.every(1, () => {
        first.dispose()
        resolve()
      })
      ended.addEventListener('abort', () => resolve(), { once: true })
    })
    clearTimeout(timeout)
  }
}

/**
 * The endpoints of other nodes that an episode needs: a subscriber of each robot-file topic on which the cell's sensors
 * and words are, a publisher of the arm's set-points, and a publisher of the action chunks. A recorder subscribes too,
 * but publishes nothing.
 */
function requiredEndpoints(robot: Robot): RequiredEndpoint[] {
  const {
    streams,
    reset,
    actions: { arm },
  } = robot
  const published = streams.filter(
    ({ modality, type }) =>
      ['rgb', 'depth', 'force', 'voice'].includes(modality) || type === 'geometry_msgs/msg/PoseStamped',
  )
  return [
    ...[...published, ...(reset ? [reset] : [])].map(({ topic }): RequiredEndpoint => ({ topic, needs: 'subscriber' })),
    ...(arm ? [arm.topic, chunkTopic(robot)].map((topic): RequiredEndpoint => ({ topic, needs: 'publisher' })) : []),
  ]
}
