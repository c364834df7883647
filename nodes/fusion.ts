import { Aligner } from '../fusion/aligner.js'
import type { Observation } from '../fusion/observation.js'
import type { ActionChunk, Policy } from '../fusion/policy/policy.js'
import type { Robot } from '../fusion/robot/robot.js'
import { wholeName } from '../fusion/robot/topic-name.js'
import { withhold, type Withheld } from '../fusion/withhold.js'
import type { Bus, Disposable, Publisher } from '../middleware/bus.js'
import { LifecycleNode } from '../middleware/lifecycle.js'
import type { ActionChunkMessage, TypeName } from '../middleware/messages.js'
import { StreamFeed } from './stream-feed.js'

/** Below the robot's namespace. */
export const CHUNK_TOPIC = 'policy/action_chunk'

export interface FusionOptions {
  readonly bus: Bus
  readonly robot: Robot
  /** Undefined: aligns only. */
  readonly policy: Policy | undefined
  /**
   * ns from an observation to its chunk's publication. 0: as soon as the inference is done (real time). In lockstep a fixed latency stands
   * for the inference's, so that a seed's result does not depend on the machine.
   */
  readonly inferenceLatency: number
  /** Modalities that the aligner is to do without, each from a time of the episode on. */
  readonly without?: readonly Withheld[]
  readonly onObservation?: (observation: Observation) => void
  /** After each chunk that was published. */
  readonly onChunk?: (chunk: ActionChunk) => void
  readonly onError?: (error: unknown) => void
}

const NO_GATE = new Float32Array(0)

/** Aligns every stream of the robot file at the reference tick, runs the policy on it, and publishes the action chunk. */
export class FusionNode extends LifecycleNode {
  /** Observations that found the policy still busy with an earlier one. */
  skipped = 0
  readonly inferenceMs: number[] = []
  readonly aligner: Aligner
  readonly #options: FusionOptions
  /** What takes the messages of each stream; it lives as long as the aligner. */
  #pushes: ((message: never, receive: number) => void)[] | undefined
  #subscriptions: Disposable[] = []
  #deadline: Disposable | undefined
  #deadlineStamp = Infinity
  /** An answer that waits for its time. */
  #answer: Disposable | undefined
  #chunks: Publisher<ActionChunkMessage> | undefined
  #busy = false
  #episodeStart = 0

  constructor(options: FusionOptions) {
    super('fusion')
    this.#options = options
    this.aligner = new Aligner(options.robot, observation => this.#observe(observation))
  }

  protected override onConfigure(): void {
    const { bus, robot } = this.#options
    this.#chunks = bus.advertise(wholeName(CHUNK_TOPIC, robot.namespace), 'prehend_interfaces/msg/ActionChunk')
  }

  protected override onActivate(): void {
    const { bus, robot } = this.#options
    const feed = new StreamFeed(robot, this.aligner)
    const pushes = this.#pushes ??= robot.streams.map((_stream, index) => feed.push(index))
    this.#subscriptions = robot.streams.map((stream, index) => {
      const push = pushes[index]
      return bus.subscribe(stream.topic, stream.type as TypeName, (message, receive) => {
        push(message as never, receive)
        this.#watchDeadline()
      })
    })
    if (robot.reset) {
      this.#subscriptions.push(bus.subscribe(robot.reset.topic, 'std_msgs/msg/String', (_message, receive) => {
        this.#episodeStart = receive
        this.aligner.reset(receive)
      }))
    }
  }

  protected override onDeactivate(): void {
    for (const subscription of this.#subscriptions) subscription.dispose()
    this.#subscriptions = []
    // What still waits is observed with what there is, as at the end of a recording.
    this.aligner.finish()
    this.#deadline?.dispose()
    this.#deadline = undefined
    this.#deadlineStamp = Infinity
    if (this.#answer) this.#busy = false
    this.#answer?.dispose()
    this.#answer = undefined
  }

  protected override onCleanup(): void {
    this.#chunks?.dispose()
    this.#chunks = undefined
  }

  /** Keeps one timer at the aligner's next deadline; a deadline has passed strictly after its stamp. */
  #watchDeadline(): void {
    const next = this.aligner.nextDeadline() + 1
    if (next === this.#deadlineStamp) return
    this.#deadline?.dispose()
    this.#deadline = undefined
    this.#deadlineStamp = next
    if (next === Infinity) return
    const { clock } = this.#options.bus
    this.#deadline = clock.at(next, () => {
      this.#deadlineStamp = Infinity
      this.aligner.advance(clock.now())
      this.#watchDeadline()
    })
  }

  #observe(aligned: Observation): void {
    const { bus, robot, policy, inferenceLatency, without = [], onObservation, onError } = this.#options
    const gone = without.filter(({ from }) => aligned.stamp - this.#episodeStart >= from).map(({ modality }) => modality)
    const observation = withhold(robot, aligned, gone)
    try {
      onObservation?.(observation)
    } catch (error) {
      onError?.(error)
    }
    if (!policy || this.state !== 'active' || this.#subscriptions.length === 0) return
    if (this.#busy) {
      this.skipped++
      return
    }
    this.#busy = true
    const due = bus.clock.now() + inferenceLatency
    bus.work(this.#infer(policy, observation, due), due)
  }

  /** Never rejects: a policy that fails is reported, and asked again with the next observation. */
  async #infer(policy: Policy, observation: Observation, due: number): Promise<void> {
    const { bus, inferenceLatency, onError } = this.#options
    try {
      const chunk = await policy.infer(observation)
      this.inferenceMs.push(chunk.inferenceMs)
      if (inferenceLatency === 0 || this.state !== 'active') this.#publish(chunk)
      else this.#answer = bus.clock.at(due, () => this.#publish(chunk))
    } catch (error) {
      this.#busy = false
      onError?.(error)
    }
  }

  #publish(chunk: ActionChunk): void {
    this.#busy = false
    this.#answer = undefined
    if (this.state !== 'active') return
    this.#chunks?.publish({
      stamp: chunk.stamp, frameId: 'tool', rate: chunk.rate, data: chunk.data, origin: chunk.origin, gate: chunk.gate ?? NO_GATE,
      graspSuccess: chunk.graspSuccess ?? NaN,
    })
    this.#options.onChunk?.(chunk)
  }
}
