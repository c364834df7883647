import type { Bus, Disposable } from '../../middleware/bus.js'
import type { LifecycleNode } from '../../middleware/lifecycle.js'
import type { Robot } from '../../robots/robot.js'
import { cameraMatrix, intrinsics } from '../../sim/camera/intrinsics.js'
import type { SimulatedCell } from '../../sim/simulated-cell.js'
import { BASE_FRAME, CAMERA_FRAME, TOOL_FRAME, WRIST_FRAME } from '../../sim/embedded/frames.js'
import { CAMERA_FOVY } from '../../sim/embedded/mjcf.js'
import { cellSensors, cellVoice, followSetPoints, takesPoses, toolPoses } from './cell-parts.js'
import { UsageError } from '../output/output.js'
import { cellTopic } from './cell-topic.js'
import { startCell } from './cells.js'
import type { CellSource } from './cells/cell-kind.js'
import { closeInOrder } from './closing.js'
import { episodeTopics } from './episode-topics.js'
import { Episodes, type EpisodeResult } from './episodes.js'
import { linkPort } from './gripper-link.js'
import { Session, type Sensors } from './session.js'

export interface CellRobotOptions {
  readonly bus: Bus
  /** Absolute seconds from which the bus's times count. */
  readonly epochSec: () => number
  readonly robot: Robot
  /** Put before the names of the frames. */
  readonly framePrefix: string
  /** With `gazebo`, sensors and time come to the bus by a bridge. */
  readonly source: CellSource
  readonly seed: number
  readonly objects: string
  /** Said in every episode instead of its drawn command; empty: the drawn one. */
  readonly say: string
  /** Others say the commands. */
  readonly awaitCommand: boolean
  /** Path of a symbolic link to the gripper's pseudo-terminal; empty: none. */
  readonly gripperLink: string
  /** Told of each stamp (bus time, ns) before the message that has it is published. */
  readonly onStamp: (stamp: number) => void
  /** Told of each pose of the tool: x, y, z (m), qx, qy, qz, qw of the frame `child` in the frame `parent`. */
  readonly onToolPose: (pose: {
    readonly parent: string
    readonly child: string
    readonly stamp: number
    readonly pose: Float64Array
  }) => void
  /** A stop keeps an episode from beginning. */
  readonly onHeld: () => void
  readonly onError: (error: unknown) => void
}

/** ms within which a cell must close. A Gazebo world that stalls answers a request late, after up to 10 s. */
const CELL_LIMIT = 30_000

/**
 * A simulated cell as a robot on a bus. Its camera, wrist sensor, tool pose and words go onto the robot file's topics,
 * and its arm follows the set-points from there. Its gripper is a pseudo-terminal.
 */
export class CellRobot {
  /** The gripper's pseudo-terminal, and the link that leads to it, if there is one. */
  readonly gripperPort: string
  /** Frames that the robot file hangs on the tool and that do not move against it, without the prefix. */
  readonly fixedFrames: readonly string[] = [CAMERA_FRAME, WRIST_FRAME]
  readonly #options: CellRobotOptions
  readonly #cell: SimulatedCell
  readonly #link: Disposable | undefined
  /** Bus time (ns) at which the embedded cell's time began. */
  readonly #began: number
  readonly #publishers: Disposable[] = []
  #nodes: readonly LifecycleNode[] = []
  #episodes: Episodes | undefined
  #setPoints: Disposable | undefined
  #isActive = false

  /** Starts the cell and configures its nodes. Throws UsageError, SimError or what a node throws. */
  static async start(options: CellRobotOptions): Promise<CellRobot> {
    const { source, seed, objects, robot } = options
    const started = process.hrtime.bigint()
    const cell = await startCell(
      robot,
      source,
    )({
      mode: 'realtime',
      seed,
      objects,
      started,
      languages: robot.languages,
    })
    if (!takesPoses(cell)) {
      await cell.close()
      throw new UsageError(
        `robot ${robot.name}: the cell node has an arm that takes poses; its servos are for prehend run`,
      )
    }
    let made: CellRobot | undefined
    try {
      made = new CellRobot(options, cell, started)
      await made.#configure()
      return made
    } catch (error) {
      await (made ? made.close().catch(() => undefined) : cell.close())
      throw error
    }
  }

  private constructor(options: CellRobotOptions, cell: SimulatedCell, started: bigint) {
    const { bus, gripperLink } = options
    this.#options = options
    this.#cell = cell
    this.#began = bus.clock.now() - Number(process.hrtime.bigint() - started)
    if (gripperLink !== '') this.#link = linkPort(cell.ports.gripper, gripperLink)
    this.gripperPort = gripperLink === '' ? cell.ports.gripper : `${gripperLink} -> ${cell.ports.gripper}`
  }

  /** Simulated time a unit of real time. */
  get realTimeFactor(): number {
    return this.#cell.stats.realTimeFactor
  }

  /** Activates the nodes; from now on the arm follows set-points. */
  async activate(): Promise<void> {
    const { bus, robot } = this.#options
    this.#setPoints = followSetPoints(bus, robot, message => this.#episodes?.setToolTarget(message))
    for (const node of this.#nodes) await node.activate()
    this.#isActive = true
  }

  async deactivate(): Promise<void> {
    this.#setPoints?.dispose()
    this.#setPoints = undefined
    for (const node of this.#nodes) if (node.state === 'active') await node.deactivate()
    this.#isActive = false
  }

  /** One episode. Undefined: `ended` aborted before it began. */
  async episode(index: number, ended: AbortSignal): Promise<EpisodeResult | undefined> {
    return this.#episodes?.run(index, ended)
  }

  /** Closes everything. Rejects with the first failure; `onError` is told the others. */
  async close(): Promise<void> {
    const failures: unknown[] = []
    await closeInOrder(
      [
        ...this.#nodes.map(node => ({ name: `node ${node.name}`, close: () => node.shutdown() })),
        { name: 'link', close: () => this.#link?.dispose() },
        { name: 'cell', close: () => this.#cell.close(), limit: CELL_LIMIT },
        ...this.#publishers.map(part => ({ name: 'publisher', close: () => part.dispose() })),
      ],
      error => failures.push(error),
    )
    for (const error of failures.slice(1)) this.#options.onError(error)
    if (failures.length > 0) throw failures[0]
  }

  async #configure(): Promise<void> {
    const { bus, robot, framePrefix, source, say, awaitCommand, onHeld, onError } = this.#options
    const cell = this.#cell
    const session = Session.assemble(
      { robot, bus, framePrefix, onError },
      { voice: cellVoice(robot) },
      source === 'sim' ? this.#sensors() : [],
    )
    const { voice } = session.nodes
    this.#nodes = session.inOrder
    this.#publishToolPoses()
    this.#episodes = new Episodes({
      bus,
      cell,
      robot,
      topics: episodeTopics(robot),
      command: say === '' ? undefined : say,
      say: awaitCommand ? undefined : (text, speaker) => voice.say(text, speaker),
      onHeld,
      onError,
    })
    this.#episodes.listen()
    this.#publishers.push(this.#episodes)
    for (const node of this.#nodes) await node.configure()
  }

  /** The bus time of a stamp of the cell. The embedded cell's time begins with the cell; Gazebo's is that of /clock. */
  #stampOf(stamp: number): number {
    const { source, epochSec, onStamp } = this.#options
    const published = source === 'sim' ? stamp + this.#began : stamp - epochSec() * 1e9
    onStamp(published)
    return published
  }

  #publishToolPoses(): void {
    const { bus, robot, framePrefix, onToolPose } = this.#options
    const poses = toolPoses(bus, robot, framePrefix)
    if (!poses) return
    const flange = flangeOf(robot)
    this.#cell.onToolPose = (cellStamp, _receive, pose) => {
      if (!this.#isActive) return
      const stamp = this.#stampOf(cellStamp)
      poses.publish(stamp, pose)
      onToolPose({ parent: BASE_FRAME, child: flange, stamp, pose })
    }
    this.#publishers.push(poses)
  }

  /**
   * The embedded cell's camera and wrist sensor. Each picture comes with the camera_info of an ideal pinhole camera.
   */
  #sensors(): Sensors {
    const { bus, robot, framePrefix } = this.#options
    const infos = bus.advertise(cellTopic(robot, 'rgb').replace(/[^/]*$/, 'camera_info'), 'sensor_msgs/msg/CameraInfo')
    this.#publishers.push(infos)
    return cellSensors(robot, this.#cell, {
      stampOf: stamp => this.#stampOf(stamp),
      onFrame: ({ width, height, stamp }) =>
        infos.publish({
          stamp,
          frameId: framePrefix + CAMERA_FRAME,
          width,
          height,
          distortionModel: 'plumb_bob',
          d: new Float64Array(5),
          k: cameraMatrix(intrinsics(CAMERA_FOVY, width, height)),
        }),
    })
  }
}

/**
 * The frame that the tool pose is of: the outermost one of those that the robot file hangs the wrist sensor on. Where
 * it says nothing of the wrist sensor, the camera counts instead.
 */
function flangeOf({ frames }: Robot): string {
  const parents = new Map(frames.map(({ name, parent }) => [name, parent]))
  let flange = parents.get(WRIST_FRAME) ?? parents.get(CAMERA_FRAME) ?? TOOL_FRAME
  for (let above = parents.get(flange); above !== undefined; above = parents.get(flange)) flange = above
  return flange
}
