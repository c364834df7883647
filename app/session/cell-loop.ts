import type { Gripper } from '../../drivers/gripper.js'
import type { Observation } from '../../fusion/observation.js'
import { PolicyError } from '../../policy/policy-error.js'
import type { Policy } from '../../policy/policy.js'
import type { Robot } from '../../robots/robot.js'
import type { Withheld } from '../../fusion/withhold.js'
import { BagWriter } from '../../middleware/bag/bag-writer.js'
import type { Bus } from '../../middleware/bus.js'
import { LocalBus } from '../../middleware/local/local-bus.js'
import { SteppedClock } from '../../middleware/local/stepped-clock.js'
import { SystemClock } from '../../middleware/local/system-clock.js'
import type { TypeName } from '../../middleware/messages.js'
import type { ControlNode } from '../../nodes/control-node.js'
import { chunkTopic, type FusionNode } from '../../nodes/fusion-node.js'
import { Recorder } from '../../nodes/recorder.js'
import type { VoiceNode } from '../../nodes/voice-node.js'
import { Cell, type SimulatedCell } from '../../sim/embedded/cell-handle.js'
import type { CellOptions } from '../../sim/simulated-cell.js'
import { Episodes, type EpisodeResult } from './episodes.js'
import { lockstep, rest } from './lockstep.js'
import { cellSensors, cellVoice, followSetPoints, toolPoses } from './cell-parts.js'
import { ANSWERS } from './demonstration.js'
import { episodeTopics } from './episode-topics.js'
import { LoopMeters } from './loop-meters.js'
import { UsageError } from '../output/output.js'
import { spread, type Spread } from '../measure/percentiles.js'
import { gripperOf } from './robot-gripper.js'
import { controlPart } from './parts/control-part.js'
import { fusionPart } from './parts/fusion-part.js'
import { Session } from './session.js'

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

/** The whole loop on the embedded cell: five nodes on a local bus, the gripper on its pseudo-terminal. */
export class CellLoop {
  readonly cell: SimulatedCell
  readonly bus: LocalBus
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
  readonly #session: Session<{ readonly control: ControlNode; readonly fusion: FusionNode; readonly voice: VoiceNode }>
  readonly #episodes: Episodes
  readonly #interruption = new AbortController()

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
    this.#session = Session.assemble(
      { robot, bus, onError: options.onError },
      {
        ...cellSensors(robot, cell),
        voice: cellVoice(robot),
        fusion: fusionPart({
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
        }),
        control: controlPart({ gripper: this.#gripper, onLatency: nanoseconds => this.latencies.push(nanoseconds) }),
      },
    )
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

  get control(): ControlNode {
    return this.#session.nodes.control
  }

  get fusion(): FusionNode {
    return this.#session.nodes.fusion
  }

  get voice(): VoiceNode {
    return this.#session.nodes.voice
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
    if (this.#session.isClosing) return
    const stopping = this.control.stop()
    this.#interruption.abort()
    await stopping
    // In lockstep the loop waits for an answer; an inference that hangs is not waited for.
    await this.#policy.close()
  }

  /** See `Session.close`. */
  close(): Promise<void> {
    const clock = this.#clock
    return this.#session.close({
      recording: this.#recorder,
      policy: this.#policy,
      ground: [
        { name: 'cell', close: () => this.cell.close() },
        ...(clock instanceof SystemClock ? [{ name: 'clock', close: () => clock.close() }] : []),
      ],
    })
  }

  async #bringUp(): Promise<void> {
    await this.#session.bringUp(() => {
      this.#episodes.listen()
      return this.#rest?.()
    })
  }

  /** The cell's arm and time: tool poses onto the bus, set-points from it. */
  #wireCell(): void {
    const { bus, cell } = this
    const { robot } = this.#options
    const poses = toolPoses(bus, robot)
    if (poses) cell.onToolPose = (stamp, _receive, pose) => poses.publish(stamp, pose)
    cell.onReceive = receive => this.#reach(receive)
    followSetPoints(bus, robot, message => this.#episodes.setToolTarget(message))
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
