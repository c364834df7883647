import type { Gripper } from '../../drivers/gripper.js'
import type { Observation } from '../../fusion/observation.js'
import type { Policy } from '../../policy/policy.js'
import type { Robot } from '../../robots/robot.js'
import { ROOT, wholeName } from '../../robots/topic-name.js'
import { BagWriter } from '../../middleware/bag/bag-writer.js'
import type { Bus } from '../../middleware/bus.js'
import { Ros2Bus } from '../../middleware/ros2/ros2-bus.js'
import { Ros2Process } from '../../middleware/ros2/ros2-process.js'
import type { ControlNode } from '../../nodes/control-node.js'
import type { FusionNode } from '../../nodes/fusion-node.js'
import type { VoiceNode } from '../../nodes/voice-node.js'
import type { EpisodeResult } from './episodes.js'
import { episodeTopics } from './episode-topics.js'
import { Histogram } from '../measure/histogram.js'
import { LoopMeters } from './loop-meters.js'
import { UsageError } from '../output/output.js'
import type { Spread } from '../measure/percentiles.js'
import { gripperOf } from './robot-gripper.js'
import { useFastDdsProfile } from './fast-dds-profile.js'
import { controlPart } from './parts/control-part.js'
import { fusionPart } from './parts/fusion-part.js'
import { voicePart } from './parts/voice-part.js'
import { Session } from './session.js'

export interface Ros2LoopOptions {
  readonly robot: Robot
  readonly policy: Policy
  readonly record: string | undefined
  /** Replaces a recording that is there. */
  readonly overwrite?: boolean | undefined
  /** The disk refused, which `onError` has told: the recording has ended before the run. */
  readonly onRecordingLost?: () => void
  /** The policy can answer no more, which `onError` has told. */
  readonly onPolicyEnded?: () => void
  readonly onObservation: (observation: Observation, bus: Bus) => void
  /** An episode's result was published by whoever places the objects. */
  readonly onResult: (result: EpisodeResult) => void
  readonly onError: (error: unknown) => void
  /** One line about a topic: who is not heard, and why. */
  readonly onWarning: (text: string) => void
}

/** Fusion, control and typed voice in this process on ROS 2 topics: the sensors are somebody else's. */
export class Ros2Loop {
  readonly bus: Ros2Bus
  readonly meters: LoopMeters
  /** Reference stamp to last serial byte. It may run for days. */
  readonly #latency = new Histogram()
  interrupted = false
  readonly #options: Ros2LoopOptions
  readonly #ros: Ros2Process
  readonly #gripper: Gripper
  readonly #writer: BagWriter | undefined
  readonly #session: Session<{ readonly control: ControlNode; readonly fusion: FusionNode; readonly voice: VoiceNode }>

  static async start(options: Ros2LoopOptions): Promise<Ros2Loop> {
    useFastDdsProfile()
    const ros = await Ros2Process.start('prehend', [
      'prehend',
      '--ros-args',
      ...(options.robot.namespace === ROOT ? [] : ['-r', `__ns:=${options.robot.namespace}`]),
    ])
    let loop: Ros2Loop | undefined
    try {
      loop = new Ros2Loop(options, ros)
      await loop.#session.bringUp()
      return loop
    } catch (error) {
      if (loop) await loop.close()
      else ros.close()
      throw error
    }
  }

  private constructor(options: Ros2LoopOptions, ros: Ros2Process) {
    const { robot, policy, record, overwrite, onError, onRecordingLost } = options
    this.#options = options
    this.#ros = ros
    this.bus = new Ros2Bus(ros.rcl, ros.node, {
      onError,
      onWarning: (topic, text) => options.onWarning(`${topic}: ${text}`),
    })
    const { bus } = this
    const { gripper } = robot.actions
    if (!gripper?.port.path)
      throw new UsageError(
        `robot ${robot.name}: actions.gripper.port.path is missing: name the gripper's serial port with --port`,
      )
    this.#gripper = gripperOf(gripper, gripper.port.path)
    const voice = robot.streams.find(stream => stream.modality === 'voice')
    const writer = (this.#writer =
      record === undefined
        ? undefined
        : new BagWriter(record, {
            overwrite,
            realTime: true,
            metadata: { robot: robot.canonical, sha256: robot.sha256 },
            epochSec: () => bus.clock.epochSec,
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
          onLatency: nanoseconds => this.#latency.add(nanoseconds / 1e6),
        }),
        fusion: fusionPart({
          policy,
          // Nobody asks for them here.
          onChunk: () => this.fusion.inferenceMs.splice(0),
          onPolicyEnded: () => options.onPolicyEnded?.(),
          onNotice: text => options.onWarning(text),
          onObservation: observation => options.onObservation(observation, bus),
          // The recording holds what the fusion node heard since it was active.
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

  get gripperStats(): Gripper['stats'] {
    return this.#gripper.stats
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
      ground: [{ name: 'ROS 2', close: () => this.#ros.close() }],
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
