import type { ForwardKinematics } from '../../control/joints/tool-limits.js'
import type { Gripper, WireStats } from '../../drivers/gripper.js'
import type { Observation } from '../../fusion/observation.js'
import type { Policy } from '../../policy/policy.js'
import type { Robot } from '../../robots/robot.js'
import { wholeName } from '../../robots/topic-name.js'
import { BagWriter } from '../../middleware/bag/bag-writer.js'
import type { Bus } from '../../middleware/bus.js'
import type { ControlNode } from '../../nodes/control-node.js'
import type { FusionNode } from '../../nodes/fusion-node.js'
import type { VoiceNode } from '../../nodes/voice-node.js'
import { closeInOrder } from './closing.js'
import type { EpisodeResult } from './episodes.js'
import { episodeTopics } from './episode-topics.js'
import { Histogram } from '../measure/histogram.js'
import { LoopMeters } from './loop-meters.js'
import type { Spread } from '../measure/percentiles.js'
import { grippersOf, otherGrippers, ownGripper, type OwnGripper } from './robot-gripper.js'
import type { RobotGround, RobotGroundOptions } from './robot-ground.js'
import { latencyNotices, servoBusesOf, servosOf, type OwnServoBus } from './robot-servo-buses.js'
import { serialStats } from './serial-stats.js'
import { controlPart } from './parts/control-part.js'
import { fusionPart } from './parts/fusion-part.js'
import { voicePart } from './parts/voice-part.js'
import { Session } from './session.js'
import { toolKinematics } from './tool-kinematics.js'

export interface RobotLoopOptions {
  readonly robot: Robot
  /** Opens what the nodes stand on. */
  readonly open: (options: RobotGroundOptions) => Promise<RobotGround>
  readonly policy: Policy
  /** How chunks that overlap are carried out. Default: temporal ensembling. */
  readonly execution?: string | undefined
  readonly record: string | undefined
  /** Replaces a recording of that name. */
  readonly overwrite?: boolean | undefined
  /** The disk refused, so the recording ends before the run. `onError` was called before. */
  readonly onRecordingLost?: () => void
  /** The policy has ended and gives no more answers. `onError` was called before. */
  readonly onPolicyEnded?: () => void
  readonly onObservation: (observation: Observation, bus: Bus) => void
  /** Called with every observation at a tick of a head. */
  readonly onFastObservation: (observation: Observation) => void
  /** Called when the cell publishes the result of an episode. */
  readonly onResult: (result: EpisodeResult) => void
  readonly onError: (error: unknown) => void
  /** Called with one line that the user should know, such as of a topic whose messages do not arrive. */
  readonly onWarning: (text: string) => void
}

/**
 * Fusion, control and typed voice in this process, for a real robot. Its sensors are in other processes, or on the ports
 * that the control node reads.
 */
export class RobotLoop {
  readonly bus: Bus
  readonly meters: LoopMeters
  /** Time from the reference stamp to the last serial byte. A histogram, since a run may last for days. */
  readonly #latency = new Histogram()
  interrupted = false
  readonly #options: RobotLoopOptions
  readonly #ground: RobotGround
  /** Undefined: the robot has none beside its joints. */
  readonly #gripper: Gripper | undefined
  /** The other grippers with a driver. */
  readonly #grippers: ReadonlyMap<string, OwnGripper>
  readonly #buses: ReadonlyMap<string, OwnServoBus>
  readonly #writer: BagWriter | undefined
  readonly #session: Session<{ readonly control: ControlNode; readonly fusion: FusionNode; readonly voice: VoiceNode }>

  static async start(options: RobotLoopOptions): Promise<RobotLoop> {
    const { robot, onError } = options
    const kinematics = await toolKinematics(robot)
    const ground = await options.open({ robot, onNotice: options.onWarning, onError })
    let loop: RobotLoop | undefined
    try {
      loop = new RobotLoop(options, ground, kinematics)
      await loop.#session.bringUp()
      for (const notice of latencyNotices(loop.#buses)) options.onWarning(notice)
      return loop
    } catch (error) {
      if (loop) await loop.close()
      else await closeInOrder([{ name: 'bus', close: () => ground.bus.close() }, ...ground.closings], onError)
      throw error
    }
  }

  private constructor(
    options: RobotLoopOptions,
    ground: RobotGround,
    kinematics: ReadonlyMap<string, ForwardKinematics>,
  ) {
    const { robot, policy, record, overwrite, onError, onRecordingLost } = options
    this.#options = options
    this.#ground = ground
    const { bus, epochSec } = ground
    this.bus = bus
    this.#gripper = ownGripper(robot, { option: '--port' })?.gripper
    this.#grippers = otherGrippers(robot)
    this.#buses = servoBusesOf(robot)
    const voice = robot.streams.find(stream => stream.modality === 'voice')
    const writer = (this.#writer =
      record === undefined
        ? undefined
        : new BagWriter(record, {
            overwrite,
            realTime: true,
            metadata: { robot: robot.canonical, sha256: robot.sha256 },
            ...(epochSec && { epochSec }),
            onFailure: error => {
              onError(error)
              onRecordingLost?.()
            },
          }))
    this.#session = Session.assemble(
      { robot, bus, onError },
      {
        control: controlPart({
          gripper: this.#gripper,
          grippers: grippersOf(this.#grippers),
          ...(options.execution !== undefined && { execution: options.execution }),
          servoBuses: servosOf(this.#buses),
          kinematics,
          onNotice: text => options.onWarning(text),
          onLatency: nanoseconds => this.#latency.add(nanoseconds / 1e6),
        }),
        fusion: fusionPart({
          policy,
          // The durations of inferences are dropped, since nothing reads them in this loop.
          onChunk: () => {
            this.fusion.inferenceMs.splice(0)
            this.fusion.supply?.inferenceMs.splice(0)
          },
          onPolicyEnded: () => options.onPolicyEnded?.(),
          onNotice: text => options.onWarning(text),
          onObservation: observation => options.onObservation(observation, bus),
          onFastObservation: observation => options.onFastObservation(observation),
          // The recording has what the fusion node received since it became active.
          ...(writer && { onHeard: (topic, type, message, receive) => writer.write(topic, type, message, receive) }),
        }),
        voice: voicePart({
          topic: voice?.topic ?? wholeName('voice/events', robot.namespace),
          ...(voice && { type: voice.type }),
        }),
      },
    )
    this.meters = new LoopMeters(bus, robot)
    bus.subscribe(episodeTopics(robot).results, 'std_msgs/msg/String', ({ data }) => {
      const result = resultOf(data)
      if (result) options.onResult(result)
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

  /** Counters of the serial ports that this process has open. */
  get serialStats(): WireStats {
    return serialStats([this.#gripper, ...grippersOf(this.#grippers).values(), ...servosOf(this.#buses).values()])
  }

  get latencyMs(): Spread {
    return this.#latency.spread
  }

  get policyName(): string {
    return this.#options.policy.name
  }

  say(text: string): void {
    this.voice.say(text)
  }

  /** Ends the motion. */
  async interrupt(): Promise<void> {
    this.interrupted = true
    await this.control.stop()
  }

  /** See `Session.close`. */
  close(): Promise<void> {
    return this.#session.close({
      recording: this.#writer,
      policy: this.#options.policy,
      ground: this.#ground.closings,
    })
  }
}

/** An episode's result as the cell publishes it; undefined for anything else. */
function resultOf(text: string): EpisodeResult | undefined {
  try {
    const result = JSON.parse(text) as Partial<EpisodeResult>
    if (typeof result.index !== 'number' || typeof result.success !== 'boolean') return undefined
    return {
      index: result.index,
      command: String(result.command ?? ''),
      correction: typeof result.correction === 'string' ? result.correction : undefined,
      target: typeof result.target === 'string' ? result.target : undefined,
      fragile: result.fragile === true,
      success: result.success,
      reason: result.reason ?? undefined,
      peakForce: Number(result.peakForce ?? 0),
      seconds: Number(result.seconds ?? 0),
    }
  } catch {
    return undefined
  }
}
