import type { Gripper, WireStats } from '../../drivers/gripper.js'
import type { Observation } from '../../fusion/observation.js'
import { PolicyError } from '../../policy/policy-error.js'
import type { Policy } from '../../policy/policy.js'
import type { Robot } from '../../robots/robot.js'
import type { Withheld } from '../../fusion/withhold.js'
import type { Bus } from '../../middleware/bus.js'
import { LocalBus } from '../../middleware/local/local-bus.js'
import { SteppedClock } from '../../middleware/local/stepped-clock.js'
import { SystemClock } from '../../middleware/local/system-clock.js'
import type { ControlNode } from '../../nodes/control-node.js'
import type { FusionNode } from '../../nodes/fusion-node.js'
import type { Recorder } from '../../nodes/recorder.js'
import type { VoiceNode } from '../../nodes/voice-node.js'
import type { RobotCell } from '../../sim/robot-cell.js'
import { Episodes, type EpisodeResult } from './episodes.js'
import { lockstep, rest } from './lockstep.js'
import { cellSensors, cellVoice, followSetPoints, takesPoses, toolPoses } from './cell-parts.js'
import { recordCell } from './cell-recording.js'
import { requireFit, startCell } from './cells.js'
import type { CellSource, StartCell } from './cells/cell-kind.js'
import { episodeTopics } from './episode-topics.js'
import { LoopMeters } from './loop-meters.js'
import { LOCKSTEP_LATENCY } from '../policies/lockstep-latency.js'
import { spread, type Spread } from '../measure/percentiles.js'
import { gripperOf } from './robot-gripper.js'
import { servoBusesOf, servosOf, type OwnServoBus } from './robot-servo-buses.js'
import { serialStats } from './serial-stats.js'
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
  /** Where the cell of the robot runs; `signal` ends the wait for its simulator. Default: `sim`. */
  readonly source?: CellSource
  readonly signal?: AbortSignal
  /** Starts another cell than the one of the robot. */
  readonly cell?: StartCell
  /** Makes the policy after the cell has started, since the scripted expert reads the cell's true state. */
  readonly policy: (cell: RobotCell) => Promise<Policy>
  /** Said at the start of every episode instead of the drawn command. */
  readonly say?: string | undefined
  /** How chunks that overlap are carried out: one of EXECUTION_MODES. Default: as the policy says. */
  readonly execution?: string | undefined
  readonly record?: string | undefined
  /** Replaces a recording of that name. */
  readonly overwrite?: boolean | undefined
  /** The disk refused, so the recording ends before the run. `onError` was called before. */
  readonly onRecordingLost?: () => void
  /** The policy has ended and gives no more answers. `onError` was called before. */
  readonly onPolicyEnded?: () => void
  /** Length of an episode at most, ns. Default: the judge ends it. */
  readonly atMost?: number | undefined
  /** Commands to draw from, each with `{name}` for the object's name. Default: the cell's own. */
  readonly phrases?: readonly string[] | undefined
  /** Modalities that are withheld from the aligner, each from an episode time on (ns). */
  readonly without?: readonly Withheld[]
  readonly sensor?: { readonly noise?: number; readonly bias?: number; readonly drift?: number } | undefined
  /** Called with every observation, before the policy. */
  readonly onObservation?: (observation: Observation, bus: Bus) => void
  /** Called with every observation at a tick of a head, before the policy. */
  readonly onFastObservation?: ((observation: Observation) => void) | undefined
  /** Called when an episode waits because a stop stands. */
  readonly onHeld?: () => void
  /** Called with one line about the servos that is no error. */
  readonly onNotice?: (text: string) => void
  readonly onError: (error: unknown) => void
}

/**
 * ms of wall time that the cell's own gripper may take for an answer in lockstep. Its emulated firmware always answers;
 * the time says only how busy the machine is.
 */
const LOCKSTEP_PATIENCE = 30_000
/** ms that the cell's own servos may take for an answer in real time: they share the machine with all else. */
const SERVO_PATIENCE = 200
/** The same in lockstep. A search for servos takes it once, so it is shorter. */
const LOCKSTEP_SERVO_PATIENCE = 1000

/** The whole loop on a simulated cell: the nodes on a local bus, gripper or servos on the cell's pseudo-terminal. */
export class CellLoop {
  readonly cell: RobotCell
  readonly bus: LocalBus
  readonly meters: LoopMeters
  /** Time from the reference stamp to the last serial byte written, ns, one for each chunk. */
  readonly latencies: number[] = []
  readonly #options: CellLoopOptions
  readonly #clock: SteppedClock | SystemClock
  /** Lockstep only: lets messages that are on their way arrive. It runs before each episode, also the first. */
  readonly #rest: (() => Promise<void>) | undefined
  readonly #policy: Policy
  readonly #recorder: Recorder | undefined
  /** Undefined: the robot has none beside its joints. */
  readonly #gripper: Gripper | undefined
  readonly #buses: ReadonlyMap<string, OwnServoBus>
  readonly #session: Session<{ readonly control: ControlNode; readonly fusion: FusionNode; readonly voice: VoiceNode }>
  readonly #episodes: Episodes
  readonly #interruption = new AbortController()

  static async start(options: CellLoopOptions): Promise<CellLoop> {
    const { robot, mode } = options
    requireFit(robot)
    const start = options.cell ?? startCell(robot, options.source ?? 'sim')
    const started = process.hrtime.bigint()
    const { seed, objects, count, phrases, without = [], sensor, atMost = Infinity } = options
    const voiceUntil = Math.min(
      atMost,
      ...without.filter(({ modality }) => modality === 'voice').map(({ from }) => from),
    )
    const cellOptions = { mode, seed, objects, count, phrases, voiceUntil, started, languages: robot.languages }
    const cell = await start({ ...cellOptions, ...(sensor ? { sensor } : {}) }, options.signal)
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

  private constructor(options: CellLoopOptions, cell: RobotCell, policy: Policy, started: bigint) {
    const { robot } = options
    this.#options = options
    this.cell = cell
    this.#policy = policy
    const clock = (this.#clock = options.mode === 'lockstep' ? new SteppedClock(1) : new SystemClock(started))
    this.bus = new LocalBus(this.#clock, { onError: options.onError })
    const { bus } = this
    const realtime = options.mode === 'realtime'
    const { gripper } = robot.actions
    const patience = realtime ? undefined : LOCKSTEP_PATIENCE
    this.#gripper =
      gripper &&
      gripperOf(gripper, gripper.port.path ?? cell.ports['gripper'] ?? '', {
        patience: gripper.port.path === undefined ? patience : undefined,
      })
    this.#buses = servoBusesOf(robot, {
      path: cell.ports['arm'],
      patience: realtime ? SERVO_PATIENCE : LOCKSTEP_SERVO_PATIENCE,
    })
    const execution = options.execution ?? policy.execution
    this.#session = Session.assemble(
      { robot, bus, onError: options.onError },
      {
        voice: cellVoice(robot),
        fusion: fusionPart({
          policy,
          inferenceLatency: realtime ? 0 : LOCKSTEP_LATENCY.graph,
          headLatency: realtime ? 0 : LOCKSTEP_LATENCY.head,
          without: options.without ?? [],
          onError: error => {
            // An interruption closes the policy, so this error is expected.
            if (!(this.interrupted && error instanceof PolicyError && error.code === 'POLICY_CLOSED'))
              options.onError(error)
          },
          onPolicyEnded: () => {
            if (!this.interrupted) options.onPolicyEnded?.()
          },
          onObservation: observation => options.onObservation?.(observation, bus),
          ...(options.onFastObservation && { onFastObservation: options.onFastObservation }),
        }),
        control: controlPart({
          gripper: this.#gripper,
          servoBuses: servosOf(this.#buses),
          ...(execution !== undefined && { execution }),
          onLatency: nanoseconds => this.latencies.push(nanoseconds),
          onNotice: text => options.onNotice?.(text),
        }),
      },
      cellSensors(robot, cell),
    )
    this.#wireCell()
    this.#recorder =
      options.record === undefined ? undefined : recordCell(bus, options.record, { ...options, policy: policy.name })
    this.meters = new LoopMeters(bus, robot)
    this.#rest = clock instanceof SteppedClock ? () => rest(bus, clock, cell) : undefined
    this.#episodes = new Episodes({
      bus,
      cell,
      robot,
      topics: episodeTopics(robot),
      command: options.say,
      say: (text, speaker) => this.voice.say(text, speaker),
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

  /** Counters of the serial ports. */
  get serialStats(): WireStats {
    return serialStats([this.#gripper, ...servosOf(this.#buses).values()])
  }

  /** Of `latencies`. */
  get latencyMs(): Spread {
    return spread(this.latencies.map(nanoseconds => nanoseconds / 1e6))
  }

  get policyName(): string {
    return this.#policy.name
  }

  /** Publishes a text as a voice event, as a typed line is. */
  say(text: string): void {
    this.voice.say(text)
  }

  /** Runs one episode. Undefined: it did not begin (see `Episodes.run`). */
  episode(index: number): Promise<EpisodeResult | undefined> {
    return this.#episodes.run(index, this.#interruption.signal)
  }

  /** Called when no "resume" can come any more. An episode that waits for one then does not begin. */
  giveUp(): void {
    this.#episodes.giveUp()
  }

  /** Ends the motion, then the running episode, which counts as interrupted. Rejects where the stop cannot be sent. */
  async interrupt(): Promise<void> {
    // A session that closes has ended the motion already.
    if (this.#session.isClosing) return
    const stopping = this.control.stop()
    this.#interruption.abort()
    try {
      await stopping
    } finally {
      // In lockstep the loop waits for an inference. Closing the policy ends one that hangs.
      await this.#policy.close()
    }
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

  /** Connects the cell's arm and time with the bus: publishes tool poses, and passes set-points on. */
  #wireCell(): void {
    const { bus, cell } = this
    const { robot } = this.#options
    const poses = takesPoses(cell) ? toolPoses(bus, robot) : undefined
    if (poses && takesPoses(cell)) cell.onToolPose = (stamp, _receive, pose) => poses.publish(stamp, pose)
    cell.onReceive = receive => this.#advanceTo(receive)
    followSetPoints(bus, robot, message => this.#episodes.setToolTarget(message))
  }

  /** In lockstep the bus's time is the receive time of the message that is being delivered. */
  #advanceTo(receive: number): void {
    if (this.#clock instanceof SteppedClock) this.#clock.advanceTo(receive)
  }
}
