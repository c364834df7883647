import type { Robot } from '../robots/robot.js'
import type { Disposable } from '../middleware/bus.js'
import { LifecycleNode } from '../middleware/lifecycle.js'
import { parameter } from '../middleware/parameters.js'
import type { Status } from '../middleware/ros2/diagnostics.js'
import { FramePublisher } from '../middleware/ros2/frame-publisher.js'
import type { RosNode } from '../middleware/ros2/rclnodejs.js'
import type { Ros2Bus } from '../middleware/ros2/ros2-bus.js'
import { chunkTopic } from '../nodes/fusion-node.js'
import { cameraMatrix, intrinsics } from '../sim/camera/intrinsics.js'
import type { SimulatedCell } from '../sim/embedded/cell-handle.js'
import { BASE_FRAME, CAMERA_FRAME, TOOL_FRAME, WRIST_FRAME } from '../sim/embedded/frames.js'
import { CAMERA_FOVY } from '../sim/embedded/mjcf.js'
import { Episodes } from '../app/session/episodes.js'
import { isCellSource, startCell, type CellSource } from '../app/session/cells.js'
import { cellSensors, cellVoice, followSetPoints, toolPoses } from '../app/session/cell-parts.js'
import { cellTopic } from '../app/session/cell-topic.js'
import { closeInOrder } from '../app/session/closing.js'
import { episodeTopics } from '../app/session/episode-topics.js'
import { Session } from '../app/session/session.js'
import { UsageError } from '../app/output/output.js'
import { episodeLine } from '../app/session/run-report.js'
import { audience, type Place } from './audience.js'
import { ClockPublisher } from './clock-publisher.js'
import { linkPort } from './gripper-link.js'
import { FRAME_PREFIX, nodeKind, type NodeParts } from './node-kind.js'

/** ns between two words of /clock. */
const CLOCK_PERIOD = 2_000_000

interface CellNodeOptions {
  readonly ros: RosNode
  readonly bus: Ros2Bus
  readonly robot: Robot
  readonly frames: FramePublisher
  /** Before the names of its frames. */
  readonly prefix: string
  /** Gazebo's sensors and time come by a bridge of its own. */
  readonly source: CellSource
  readonly seed: number
  readonly objects: string
  /** How many episodes; 0: until it is deactivated. */
  readonly count: number
  /** s that an episode waits for those who hear the cell and move its arm. */
  readonly wait: number
  readonly say: string
  readonly awaitCommand: boolean
  readonly gripperLink: string
  readonly publishClock: boolean
  readonly log: (text: string) => void
  readonly warn: (text: string) => void
  readonly onError: (error: unknown) => void
}

/** ms after which it is said that no time comes. */
const SILENCE = 10_000

/** ms within which a cell closes: a world of Gazebo that stalls answers a request late, after up to 10 s. */
const CELL_LIMIT = 30_000

/**
 * A simulated cell as a robot: its camera, wrist sensor, tool pose and commands on topics, its arm on the set-point
 * topic, its gripper on a pseudo-terminal, its frames on /tf and /tf_static. While it is active, one episode after the
 * other (see Episodes).
 */
class CellNode extends LifecycleNode {
  /** Resolves when the last episode is over, rejects when one could not be run. */
  readonly done: Promise<void>
  #finish: () => void = () => undefined
  #fail: (reason: unknown) => void = () => undefined
  episodes = 0
  successes = 0
  readonly #options: CellNodeOptions
  #cell: SimulatedCell | undefined
  #nodes: readonly LifecycleNode[] = []
  #episodes: Episodes | undefined
  #disposables: Disposable[] = []
  /** Of its activity alone. */
  #active: Disposable[] = []
  #clock: ClockPublisher | undefined
  #link: Disposable | undefined
  #running: Promise<void> | undefined
  #ending = new AbortController()
  /** Whether it still waits for its audience: who did without one once goes on without. */
  #waits = true

  constructor(options: CellNodeOptions) {
    super('cell')
    this.#options = options
    this.done = new Promise((resolve, reject) => {
      this.#finish = resolve
      this.#fail = reject
    })
    // Told already; whoever makes the transitions may not ask.
    this.done.catch(() => undefined)
  }

  get rate(): number {
    return this.#cell?.stats.realTimeFactor ?? 0
  }

  protected override async onConfigure(): Promise<void> {
    const { bus, robot, frames, prefix, source, seed, objects, say, awaitCommand, gripperLink, log, onError } =
      this.#options
    const started = process.hrtime.bigint()
    const cell = (this.#cell = await startCell(source)({
      mode: 'realtime',
      seed,
      objects,
      started,
      languages: robot.languages,
    }))
    if (gripperLink !== '') this.#link = linkPort(cell.gripperPort, gripperLink)
    log(`the gripper's serial port: ${gripperLink === '' ? cell.gripperPort : `${gripperLink} -> ${cell.gripperPort}`}`)
    // The embedded cell's time begins with it, and the bus's is the system's; Gazebo's time is what /clock says.
    const shift = bus.clock.now() - Number(process.hrtime.bigint() - started)
    const stampOf = (stamp: number): number => {
      const own = source === 'sim' ? stamp + shift : stamp - bus.clock.epochSec * 1e9
      this.#clock?.reach(own)
      return own
    }
    const session = Session.assemble(
      { robot, bus, framePrefix: prefix, onError },
      { voice: cellVoice(robot), ...(source === 'sim' && this.#sensors(cell, stampOf)) },
    )
    const { voice } = session.nodes
    this.#nodes = session.inOrder
    const poses = toolPoses(bus, robot, prefix)
    if (poses) {
      const flange = flangeOf(robot)
      cell.onToolPose = (stamp, _receive, pose) => {
        if (this.state !== 'active') return
        const published = stampOf(stamp)
        poses.publish(published, pose)
        frames.moved(BASE_FRAME, flange, published, pose)
      }
      this.#disposables.push(poses)
    }
    this.#episodes = new Episodes({
      bus,
      cell,
      robot,
      topics: episodeTopics(robot),
      command: say === '' ? undefined : say,
      say: awaitCommand ? undefined : (text, frameId) => voice.say(text, frameId),
      onHeld: () => log('stopped: "resume" goes on with the next episode'),
      onError,
    })
    this.#episodes.listen()
    this.#disposables.push(this.#episodes)
    for (const node of this.#nodes) await node.configure()
    for (const name of [CAMERA_FRAME, WRIST_FRAME]) frames.fixed(name)
  }

  /** The embedded cell's camera, a pinhole without distortion that says so with each frame, and its wrist sensor. */
  #sensors(cell: SimulatedCell, stampOf: (stamp: number) => number): ReturnType<typeof cellSensors> {
    const { bus, robot, prefix } = this.#options
    const infos = bus.advertise(cellTopic(robot, 'rgb').replace(/[^/]*$/, 'camera_info'), 'sensor_msgs/msg/CameraInfo')
    this.#disposables.push(infos)
    return cellSensors(robot, cell, {
      stampOf,
      onFrame: ({ width, height, stamp }) =>
        infos.publish({
          stamp,
          frameId: prefix + CAMERA_FRAME,
          width,
          height,
          distortionModel: 'plumb_bob',
          d: new Float64Array(5),
          k: cameraMatrix(intrinsics(CAMERA_FOVY, width, height)),
        }),
    })
  }

  protected override async onActivate(): Promise<void> {
    const { ros, bus, robot, publishClock, onError } = this.#options
    const [cell, episodes] = [this.#cell, this.#episodes]
    if (!cell || !episodes) throw new Error('cell: activated before it was configured')
    if (publishClock) this.#active.push((this.#clock = new ClockPublisher(ros, bus, CLOCK_PERIOD)))
    const setPoints = followSetPoints(bus, robot, message => episodes.setToolTarget(message))
    if (setPoints) this.#active.push(setPoints)
    for (const node of this.#nodes) await node.activate()
    this.#ending = new AbortController()
    this.#running = this.#run(episodes, this.#ending.signal).catch((error: unknown) => {
      onError(error)
      this.#fail(error)
    })
  }

  protected override async onDeactivate(): Promise<void> {
    this.#ending.abort()
    await this.#running
    for (const disposable of this.#active) disposable.dispose()
    this.#active = []
    this.#clock = undefined
    for (const node of this.#nodes) if (node.state === 'active') await node.deactivate()
  }

  protected override async onCleanup(): Promise<void> {
    const { onError } = this.#options
    const [nodes, link, cell, disposables] = [this.#nodes, this.#link, this.#cell, this.#disposables]
    this.#nodes = this.#disposables = []
    this.#link = this.#cell = undefined
    const failures: unknown[] = []
    await closeInOrder(
      [
        ...nodes.map(node => ({ name: `node ${node.name}`, close: () => node.shutdown() })),
        { name: 'link', close: () => link?.dispose() },
        { name: 'cell', close: () => cell?.close(), limit: CELL_LIMIT },
        ...disposables.map(part => ({ name: 'publisher', close: () => part.dispose() })),
      ],
      error => failures.push(error),
    )
    // The transition fails by the first one, and whoever made it is told that.
    for (const error of failures.slice(1)) onError(error)
    if (failures.length > 0) throw failures[0]
  }

  async #run(episodes: Episodes, ended: AbortSignal): Promise<void> {
    const { count, wait, log } = this.#options
    await this.#time(ended)
    this.#waits = wait > 0
    for (let index = 0; count === 0 || index < count; index++) {
      if (this.#waits) await this.#gather(index, ended)
      const result = await episodes.run(index, ended)
      if (!result || result.reason === 'interrupted') return
      this.episodes++
      if (result.success) this.successes++
      log(episodeLine(result))
    }
    log(`${this.successes} of ${this.episodes} episodes won`)
    this.#finish()
  }

  /** Until all are there and active whose part an episode needs. Meanwhile the sensors are heard already. */
  async #gather(index: number, ended: AbortSignal): Promise<void> {
    const { ros, wait, log, warn } = this.#options
    const which = `episode ${index + 1}`
    const signal = AbortSignal.any([ended, AbortSignal.timeout(wait * 1000)])
    const missing = await audience(ros, this.#places(), {
      question: 'active',
      signal,
      onWait: words => log(`${which} waits up to ${wait} s: ${words}`),
    })
    if (missing.length === 0 || ended.aborted) return
    this.#waits = false
    warn(`${which} begins after ${wait} s though ${missing.join(', ')}; from now on none waits`)
  }

  /**
   * Who hears each of the robot file's topics on which the cell's sensors and words are, who says where its arm goes,
   * and whose policy plans that: a recorder hears, too, but says nothing.
   */
  #places(): Place[] {
    const { robot } = this.#options
    const {
      streams,
      reset,
      actions: { arm },
    } = robot
    const own = streams.filter(
      ({ modality, type }) =>
        ['rgb', 'depth', 'force', 'voice'].includes(modality) || type === 'geometry_msgs/msg/PoseStamped',
    )
    return [
      ...[...own, ...(reset ? [reset] : [])].map(({ topic }): Place => ({ topic, needs: 'subscriber' })),
      ...(arm ? [arm.topic, chunkTopic(robot)].map((topic): Place => ({ topic, needs: 'publisher' })) : []),
    ]
  }

  /** Until it is known what time it is, which with simulated time the first word of /clock says. */
  async #time(ended: AbortSignal): Promise<void> {
    const {
      bus: { clock },
      warn,
    } = this.#options
    if (clock.known) return
    const silence = setTimeout(
      () => warn(`no /clock after ${SILENCE / 1000} s: does ros_gz_bridge run, with launch/config/gazebo_bridge.yaml?`),
      SILENCE,
    )
    await new Promise<void>(resolve => {
      const first = clock.every(1, () => {
        first.dispose()
        resolve()
      })
      ended.addEventListener('abort', () => resolve(), { once: true })
    })
    clearTimeout(silence)
  }
}

/**
 * What the robot file hangs the wrist sensor on, or where it says nothing of it the camera: the frame that the tool
 * pose is of.
 */
function flangeOf({ frames }: Robot): string {
  const parents = new Map(frames.map(({ name, parent }) => [name, parent]))
  let flange = parents.get(WRIST_FRAME) ?? parents.get(CAMERA_FRAME) ?? TOOL_FRAME
  for (let above = parents.get(flange); above !== undefined; above = parents.get(flange)) flange = above
  return flange
}

export const cell = nodeKind({
  parameters: {
    source: parameter({
      type: 'string',
      default: 'sim',
      readOnly: true,
      description:
        'whose physics: sim (the embedded cell), or gazebo (a world that runs; its camera, wrist sensor ' +
        'and /clock come by ros_gz_bridge, and use_sim_time has to be true)',
    }),
    seed: parameter({
      type: 'integer',
      default: 1,
      range: { min: 0, max: 2 ** 31 - 1 },
      readOnly: true,
      description: 'of all episodes',
    }),
    objects: parameter({
      type: 'string',
      default: 'seen',
      readOnly: true,
      description: 'object set: seen, unseen, or a YAML file',
    }),
    episodes: parameter({
      type: 'integer',
      default: 0,
      range: { min: 0, max: 1_000_000 },
      readOnly: true,
      description: 'how many; 0: until it is deactivated',
    }),
    wait: parameter({
      type: 'double',
      default: 30,
      range: { min: 0, max: 3600 },
      unit: 's',
      readOnly: true,
      description:
        "how long an episode waits until each of the robot file's topics is heard, somebody publishes the " +
        "arm's set-points and action chunks, and those of them that are managed nodes are active, before " +
        'it begins all the same; 0: does not wait, as where nothing publishes chunks by design',
    }),
    say: parameter({
      type: 'string',
      default: '',
      readOnly: true,
      description: 'said in every episode instead of its drawn command, and so on the table; empty: the drawn one',
    }),
    await_command: parameter({
      type: 'boolean',
      default: false,
      readOnly: true,
      description:
        "leaves the speaking to others: an episode's clock begins with the first command, and `say` only " +
        'tells what is on the table',
    }),
    gripper_link: parameter({
      type: 'string',
      default: '',
      readOnly: true,
      description: "path of a symbolic link to the gripper's pseudo-terminal; empty: none",
    }),
    publish_clock: parameter({
      type: 'boolean',
      default: false,
      readOnly: true,
      description: 'publishes its time on /clock; of several robots on one network only one may',
    }),
    ...FRAME_PREFIX,
  },
  make({ ros, bus, robot, parameters, log }) {
    const source = parameters.get('source')
    if (!isCellSource(source)) throw new UsageError(`source: ${source}: expected sim or gazebo`)
    if (source === 'gazebo') {
      if (ros.node.getParameter('use_sim_time').value !== true)
        throw new UsageError('source: gazebo: its time comes by /clock: set use_sim_time to true')
      if (parameters.get('publish_clock'))
        throw new UsageError(
          'publish_clock: with the source gazebo /clock comes from Gazebo, by ros_gz_bridge: leave it false',
        )
    }
    const prefix = parameters.get('frame_prefix')
    const frames = new FramePublisher({ ros, bus, frames: robot.frames, prefix, log })
    const node = new CellNode({
      ros: ros.node,
      bus,
      robot,
      frames,
      prefix,
      source,
      seed: parameters.get('seed'),
      objects: parameters.get('objects'),
      count: parameters.get('episodes'),
      wait: parameters.get('wait'),
      say: parameters.get('say'),
      awaitCommand: parameters.get('await_command'),
      gripperLink: parameters.get('gripper_link'),
      publishClock: parameters.get('publish_clock'),
      log: text => log.info(text),
      warn: text => log.warn(text),
      onError: error => log.error(String(error)),
    })
    return Promise.resolve<NodeParts>({
      node,
      done: node.done,
      status: (): Status[] => [
        {
          name: 'cell',
          level: 'ok',
          message: `${node.state}, ${node.successes} of ${node.episodes} episodes won`,
          values: { episodes: node.episodes, successes: node.successes, real_time_factor: node.rate },
        },
      ],
      closings: [{ name: 'frames', close: () => frames.dispose() }],
    })
  },
})
