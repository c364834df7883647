import type { Gripper } from '../../drivers/gripper.js'
import type { Modality, Observation } from '../../fusion/observation.js'
import { PolicyError } from '../../policy/policy-error.js'
import type { Policy } from '../../policy/policy.js'
import type { Robot } from '../../robots/robot.js'
import { toolStream } from '../../robots/tool-stream.js'
import type { Withheld } from '../../fusion/withhold.js'
import { BagWriter } from '../../middleware/bag/bag-writer.js'
import type { Bus } from '../../middleware/bus.js'
import type { LifecycleNode } from '../../middleware/lifecycle.js'
import { LocalBus } from '../../middleware/local/local-bus.js'
import { SteppedClock } from '../../middleware/local/stepped-clock.js'
import { SystemClock } from '../../middleware/local/system-clock.js'
import type { TypeName } from '../../middleware/messages.js'
import { CameraNode } from '../../nodes/camera-node.js'
import { ControlNode } from '../../nodes/control-node.js'
import { ForceTorqueNode } from '../../nodes/force-torque-node.js'
import { chunkTopic, FusionNode } from '../../nodes/fusion-node.js'
import { Recorder } from '../../nodes/recorder.js'
import { VoiceNode } from '../../nodes/voice-node.js'
import { Cell, type SimulatedCell } from '../../sim/embedded/cell-handle.js'
import type { CellOptions } from '../../sim/simulated-cell.js'
import { BASE_FRAME, CAMERA_FRAME, WRIST_FRAME } from '../../sim/embedded/frames.js'
import { Episodes, type EpisodeResult } from './episodes.js'
import { lockstep, rest } from './lockstep.js'
import { cellTopic } from './cell-topic.js'
import { ANSWERS } from './demonstration.js'
import { episodeTopics } from './episode-topics.js'
import { LoopMeters } from './loop-meters.js'
import { UsageError } from '../output/output.js'
import { spread, type Spread } from '../measure/percentiles.js'
import { gripperOf } from './robot-gripper.js'
import { within } from './within.js'

export interface CellLoopOptions {
  readonly robot: Robot
  readonly mode: 'realtime' | 'lockstep'
  readonly seed: number
  readonly objects: string
  /** How many objects lie on the table. Default: 2 to 5, drawn. */
  readonly count?: number | undefined
  /** Default: the embedded cell. */
  readonly cell?: (options: CellOptions) => Promise<SimulatedCell>
  /** Makes the policy once the cell stands (the scripted expert needs to see into it). */
  readonly policy: (cell: SimulatedCell) => Promise<Policy>
  /** Said at the start of every episode instead of the drawn command. */
  readonly say?: string | undefined
  readonly record?: string | undefined
  /** Replaces a recording that is there. */
  readonly overwrite?: boolean | undefined
  /** The disk refused, which `onError` has told: the recording has ended before the run. */
  readonly onRecordingLost?: () => void
  /** The policy can answer no more, which `onError` has told. */
  readonly onPolicyEnded?: () => void
  /** An episode ends after so long, ns. Default: when its judge says so. */
  readonly atMost?: number | undefined
  /** Commands to draw from, each with `{name}` for the object's name. Default: the cell's own. */
  readonly phrases?: readonly string[] | undefined
  /** Modalities taken away at the aligner, from that episode time on (ns). */
  readonly without?: readonly Withheld[]
  readonly sensor?: { readonly noise?: number; readonly bias?: number; readonly drift?: number } | undefined
  /** Sees every observation, before the policy does. */
  readonly onObservation?: (observation: Observation, bus: Bus) => void
  /** A stop keeps an episode from beginning. */
  readonly onHeld?: () => void
  readonly onError: (error: unknown) => void
}

/** ns, in lockstep: what an inference takes of simulated time. */
const LOCKSTEP_INFERENCE = 12_000_000
/**
 * ms, in lockstep: what the cell's own gripper may take of the machine's time. Its firmware always answers; how soon
 * says only how busy the machine is.
 */
const LOCKSTEP_PATIENCE = 30_000
/** ms that one step of closing may take. */
const CLOSE_LIMIT = 5000
/**
 * ms without a byte that the disk takes, after which a recording is left as it is: while bytes move, its end is waited
 * for.
 */
const DISK_LIMIT = 30_000

/** The whole loop on the embedded cell: five nodes on a local bus, the gripper on its pseudo-terminal. */
export class CellLoop {
  readonly cell: SimulatedCell
  readonly bus: LocalBus
  readonly control: ControlNode
  readonly fusion: FusionNode
  readonly camera: CameraNode
  readonly forceTorque: ForceTorqueNode
  readonly voice: VoiceNode
  readonly meters: LoopMeters
  /** Reference stamp to last serial byte written, ns, one a chunk. */
  readonly latencies: number[] = []
  readonly #options: CellLoopOptions
  readonly #clock: SteppedClock | SystemClock
  /** Lockstep only: lets what is on its way arrive. Each episode begins after it, the first as well. */
  readonly #rest: (() => Promise<void>) | undefined
  readonly #policy: Policy
  readonly #recorder: Recorder | undefined
  readonly #gripper: Gripper
  readonly #episodes: Episodes
  readonly #interruption = new AbortController()
  #closing: Promise<void> | undefined
  #isUp = false

  static async start(options: CellLoopOptions): Promise<CellLoop> {
    const { robot, mode } = options
    if (!robot.actions.gripper)
      throw new UsageError(`robot ${robot.name}: actions.gripper is missing: the cell's gripper needs a driver`)
    const started = process.hrtime.bigint()
    const { seed, objects, count, phrases, without = [], sensor, atMost = Infinity } = options
    const voiceUntil = Math.min(
      atMost,
      ...without.filter(({ modality }) => modality === 'voice').map(({ from }) => from),
    )
    const cell = await (options.cell ?? Cell.start)({
      mode,
      seed,
      objects,
      count,
      phrases,
      voiceUntil,
      started,
      languages: robot.languages,
      ...(sensor ? { sensor } : {}),
    })
    let policy: Policy | undefined
    let loop: CellLoop | undefined
    try {
      policy = await options.policy(cell)
      loop = new CellLoop(options, cell, policy, started)
      await loop.#bringUp()
      return loop
    } catch (error) {
      if (loop) await loop.close()
      else await Promise.allSettled([policy?.close(), cell.close()])
      throw error
    }
  }

  private constructor(options: CellLoopOptions, cell: SimulatedCell, policy: Policy, started: bigint) {
    const { robot } = options
    this.#options = options
    this.cell = cell
    this.#policy = policy
    const clock = (this.#clock = options.mode === 'lockstep' ? new SteppedClock(1) : new SystemClock(started))
    this.bus = new LocalBus(this.#clock, { onError: options.onError })
    const { bus } = this
    const realtime = options.mode === 'realtime'
    const { gripper } = robot.actions
    if (!gripper) throw new UsageError('actions.gripper is missing')
    const { path } = gripper.port
    this.#gripper = gripperOf(gripper, path ?? cell.gripperPort, {
      patience: path === undefined && !realtime ? LOCKSTEP_PATIENCE : undefined,
    })
    const topicOf = (modality: Modality): string => cellTopic(robot, modality)
    this.camera = new CameraNode({
      bus,
      rgbTopic: topicOf('rgb'),
      depthTopic: topicOf('depth'),
      frameId: CAMERA_FRAME,
      source: cell.camera,
    })
    this.forceTorque = new ForceTorqueNode({ bus, topic: topicOf('force'), frameId: WRIST_FRAME, source: cell.wrist })
    this.voice = new VoiceNode({ bus, topic: topicOf('voice') })
    this.fusion = new FusionNode({
      bus,
      robot,
      policy,
      inferenceLatency: realtime ? 0 : LOCKSTEP_INFERENCE,
      without: options.without ?? [],
      onError: error => {
        // An interruption closes the policy.
        if (!(this.interrupted && error instanceof PolicyError && error.code === 'POLICY_CLOSED'))
          options.onError(error)
      },
      onPolicyEnded: () => {
        if (!this.interrupted) options.onPolicyEnded?.()
      },
      onObservation: observation => options.onObservation?.(observation, bus),
    })
    this.control = new ControlNode({
      bus,
      robot,
      gripper: this.#gripper,
      execution: 'temporal_ensembling',
      onError: options.onError,
      busTimeOf: realtime ? monotonic => monotonic - Number(started) : () => bus.clock.now(),
      onLatency: nanoseconds => this.latencies.push(nanoseconds),
    })
    this.#wireCell()
    this.#recorder = options.record === undefined ? undefined : this.#record(options.record)
    this.meters = new LoopMeters(bus, robot)
    this.#rest = clock instanceof SteppedClock ? () => rest(bus, clock, cell) : undefined
    this.#episodes = new Episodes({
      bus,
      cell,
      robot,
      topics: episodeTopics(robot),
      command: options.say,
      say: (text, frameId) => this.voice.say(text, frameId),
      onHeld: options.onHeld,
      onError: options.onError,
      rest: this.#rest,
      atMost: options.atMost,
      ...(clock instanceof SteppedClock ? { pass: (done: () => boolean) => lockstep(bus, clock, cell, done) } : {}),
    })
  }

  get interrupted(): boolean {
    return this.#interruption.signal.aborted
  }

  get lastSaid(): string {
    return this.#episodes.lastSaid
  }

  get gripperStats(): Gripper['stats'] {
    return this.#gripper.stats
  }

  /** Of `latencies`. */
  get latencyMs(): Spread {
    return spread(this.latencies.map(nanoseconds => nanoseconds / 1e6))
  }

  get policyName(): string {
    return this.#policy.name
  }

  /** Says something into the loop, as typed voice does. */
  say(text: string): void {
    this.voice.say(text)
  }

  /** One episode; undefined: it did not begin (see Episodes). */
  episode(index: number): Promise<EpisodeResult | undefined> {
    return this.#episodes.run(index, this.#interruption.signal)
  }

  /** Nobody will say "resume" any more: an episode that a stop keeps from beginning does not begin. */
  giveUp(): void {
    this.#episodes.giveUp()
  }

  /** Ends the motion first; the running episode then ends as interrupted. */
  async interrupt(): Promise<void> {
    // Once it closes, the motion has ended and the gripper's port goes.
    if (this.#closing) return
    const stopping = this.control.stop()
    this.#interruption.abort()
    await stopping
    // In lockstep the loop waits for an answer; an inference that hangs is not waited for.
    await this.#policy.close()
  }

  /**
   * Ends motion first, then closes everything in order and leaves nothing half-written. A step that fails or hangs is
   * reported; the others follow.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const steps: [string, () => Promise<unknown> | undefined, (() => number)?][] = [
      ...this.#nodes().map((node): [string, () => Promise<void>] => [`node ${node.name}`, () => node.shutdown()]),
      [
        'recording',
        () => (this.#isUp ? this.#recorder?.close() : this.#recorder?.discard()),
        () => this.#recorder?.written ?? 0,
      ],
      ['policy', () => this.#policy.close()],
      ['bus', () => this.bus.close()],
      ['cell', () => this.cell.close()],
    ]
    for (const [name, step, progress] of steps) {
      try {
        await (progress ? within(DISK_LIMIT, name, step(), progress) : within(CLOSE_LIMIT, name, step()))
      } catch (error) {
        this.#options.onError(error)
      }
    }
    if (this.#clock instanceof SystemClock) this.#clock.close()
  }

  #nodes(): LifecycleNode[] {
    return [this.control, this.fusion, this.voice, this.forceTorque, this.camera]
  }

  async #bringUp(): Promise<void> {
    for (const node of this.#nodes()) {
      await node.configure()
      await node.activate()
    }
    this.#episodes.listen()
    await this.#rest?.()
    this.#isUp = true
  }

  /** The cell's arm: set-points from the bus, tool poses onto it. */
  #wireCell(): void {
    const { bus, cell } = this
    const { robot } = this.#options
    const tool = toolStream(robot)
    if (tool) {
      const message = { stamp: 0, frameId: BASE_FRAME, pose: new Float64Array(7) }
      const publisher = bus.advertise(tool.topic, 'geometry_msgs/msg/PoseStamped')
      cell.onToolPose = (stamp, receive, pose) => {
        this.#reach(receive)
        message.stamp = stamp
        message.pose.set(pose)
        publisher.publish(message)
      }
    }
    cell.onReceive = receive => this.#reach(receive)
    if (robot.actions.arm)
      bus.subscribe(robot.actions.arm.topic, 'geometry_msgs/msg/PoseStamped', message =>
        this.#episodes.setToolTarget(message),
      )
  }

  /** In lockstep the bus's time is the receive time of what is being delivered. */
  #reach(receive: number): void {
    if (this.#clock instanceof SteppedClock) this.#clock.advanceTo(receive)
  }

  #record(path: string): Recorder {
    const { robot, overwrite, onError, onRecordingLost } = this.#options
    const topics: { topic: string; type: TypeName }[] = robot.streams.map(s => ({
      topic: s.topic,
      type: s.type as TypeName,
    }))
    if (robot.actions.arm) topics.push({ topic: robot.actions.arm.topic, type: robot.actions.arm.type as TypeName })
    topics.push(
      { topic: chunkTopic(robot), type: 'prehend_interfaces/msg/ActionChunk' },
      ...ANSWERS,
      ...Object.values(episodeTopics(robot)).map(topic => ({ topic, type: 'std_msgs/msg/String' as const })),
    )
    const writer = new BagWriter(path, {
      overwrite,
      realTime: this.#options.mode === 'realtime',
      metadata: { robot: robot.canonical, sha256: robot.sha256, policy: this.policyName },
      onFailure: error => {
        onError(error)
        onRecordingLost?.()
      },
    })
    return new Recorder(this.bus, writer, topics)
  }
}
