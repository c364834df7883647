import { monotonicNs } from '../../drivers/byte-stream.js'
import type { Gripper } from '../../drivers/gripper.js'
import type { Observation } from '../../fusion/observation.js'
import type { Policy } from '../../policy/policy.js'
import type { Robot } from '../../robots/robot.js'
import { ROOT, wholeName } from '../../robots/topic-name.js'
import { BagWriter } from '../../middleware/bag/bag-writer.js'
import type { Bus } from '../../middleware/bus.js'
import type { LifecycleNode } from '../../middleware/lifecycle.js'
import { Ros2Bus } from '../../middleware/ros2/ros2-bus.js'
import { Ros2Process } from '../../middleware/ros2/ros2-process.js'
import { ControlNode } from '../../nodes/control-node.js'
import { FusionNode } from '../../nodes/fusion-node.js'
import { VoiceNode } from '../../nodes/voice-node.js'
import type { EpisodeResult } from './episodes.js'
import { episodeTopics } from './episode-topics.js'
import { Histogram } from '../measure/histogram.js'
import { LoopMeters } from './loop-meters.js'
import { UsageError } from '../output/output.js'
import type { Spread } from '../measure/percentiles.js'
import { gripperOf } from './robot-gripper.js'
import { useFastDdsProfile } from './fast-dds-profile.js'

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
  readonly fusion: FusionNode
  readonly control: ControlNode
  readonly voice: VoiceNode
  /** Reference stamp to last serial byte. It may run for days. */
  readonly #latency = new Histogram()
  interrupted = false
  readonly #options: Ros2LoopOptions
  readonly #ros: Ros2Process
  readonly #gripper: Gripper
  readonly #writer: BagWriter | undefined
  /** The recording holds what the fusion node heard since it was active. */
  #isUp = false

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
      await loop.#bringUp()
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
    const ears = robot.streams.find(stream => stream.modality === 'voice')
    this.voice = new VoiceNode({
      bus,
      topic: ears?.topic ?? wholeName('voice/events', robot.namespace),
      ...(ears && { type: ears.type }),
    })
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
    this.fusion = new FusionNode({
      // Nobody asks for them here.
      onChunk: () => this.fusion.inferenceMs.splice(0),
      bus,
      robot,
      policy,
      inferenceLatency: 0,
      onError,
      onPolicyEnded: () => options.onPolicyEnded?.(),
      onNotice: text => options.onWarning(text),
      onObservation: observation => options.onObservation(observation, bus),
      ...(writer && { onHeard: (topic, type, message, receive) => writer.write(topic, type, message, receive) }),
    })
    this.control = new ControlNode({
      bus,
      robot,
      gripper: this.#gripper,
      execution: 'temporal_ensembling',
      onError,
      busTimeOf: monotonic => bus.clock.now() - (monotonicNs() - monotonic),
      onLatency: nanoseconds => this.#latency.add(nanoseconds / 1e6),
    })
    this.meters = new LoopMeters(bus, robot)
    bus.subscribe(episodeTopics(robot).results, 'std_msgs/msg/String', ({ data }) => {
      const result = resultOf(data)
      if (result) options.onResult(result)
    })
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

  async close(): Promise<void> {
    const steps: (() => Promise<unknown> | undefined)[] = [
      ...this.#nodes().map(node => () => node.shutdown()),
      () => (this.#isUp ? this.#writer?.close() : this.#writer?.discard()),
      () => this.#options.policy.close(),
      () => this.bus.close(),
    ]
    for (const step of steps) await step()?.catch(this.#options.onError)
    this.#ros.close()
  }

  #nodes(): LifecycleNode[] {
    return [this.control, this.fusion, this.voice]
  }

  async #bringUp(): Promise<void> {
    for (const node of this.#nodes()) {
      await node.configure()
      await node.activate()
    }
    this.#isUp = true
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
