import { Aligner } from '../fusion/aligner.js'
import type { Observation } from '../fusion/observation.js'
import type { ActionChunk, Policy } from '../policy/policy.js'
import type { Robot } from '../robots/robot.js'
import { wholeName } from '../robots/topic-name.js'
import { withhold, type Withheld } from '../fusion/withhold.js'
import type { Bus, Disposable, Publisher } from '../middleware/bus.js'
import type { DecodeImage } from '../middleware/image/decode.js'
import { LifecycleNode } from '../middleware/lifecycle.js'
import type { ActionChunkMessage, MessageTypes, TypeName } from '../middleware/messages.js'
import { Arrivals } from './intake/arrivals.js'
import { inlets, type Inlet } from './intake/inlets.js'

/** Below the robot's namespace. */
export const CHUNK_TOPIC = 'policy/action_chunk'

/** The frame that offsets of chunks are in, without its prefix. */
export const CHUNK_FRAME = 'tool0'

/** Whole name of the topic on which a robot's action chunks go. */
export const chunkTopic = ({ namespace }: Pick<Robot, 'namespace'>): string => wholeName(CHUNK_TOPIC, namespace)

export interface FusionOptions {
  readonly bus: Bus
  readonly robot: Robot
  /** Undefined: aligns only. */
  readonly policy: Policy | undefined
  /**
   * ns from an observation to its chunk's publication. 0: as soon as the inference is done (real time). In lockstep a
   * fixed latency stands for the inference's, so that a seed's result does not depend on the machine.
   */
  readonly inferenceLatency: number
  /** Modalities that the aligner is to do without, each from a time of the episode on. */
  readonly without?: readonly Withheld[]
  readonly onObservation?: (observation: Observation) => void
  /**
   * Every message that goes into the observations, as it was received and when: what a recording must hold to give the
   * same ones.
   */
  readonly onHeard?: <T extends TypeName>(topic: string, type: T, message: MessageTypes[T], receive: number) => void
  /** Turns compressed images into images. Default: `decodeImage`. */
  readonly decode?: DecodeImage
  /** ms from a compressed image's arrival to its pixels. */
  readonly onDecoded?: (ms: number) => void
  /** Put before `tool0`, the chunks' frame. Default: nothing. */
  readonly framePrefix?: string
  /** Something about a stream that its user should know; one line. */
  readonly onNotice?: (text: string) => void
  /** After each chunk that was published. */
  readonly onChunk?: (chunk: ActionChunk) => void
  readonly onError?: (error: unknown) => void
  /** The policy can answer no more, which `onError` has told: told once, and it is not asked again. */
  readonly onPolicyEnded?: (why: Error) => void
}

const NO_GATE = new Float32Array(0)

/** A policy's answer as it goes on the chunk topic. `frameId`: the tool's frame, in which its rows are. */
export function chunkMessage(chunk: ActionChunk, frameId: string): ActionChunkMessage {
  const { stamp, rate, data, origin, gate = NO_GATE, graspSuccess = NaN } = chunk
  return { stamp, frameId, rate, data, origin, gate, graspSuccess }
}

/**
 * Aligns every stream of the robot file at the reference tick, runs the policy on it, and publishes the action chunk.
 */
export class FusionNode extends LifecycleNode {
  /** Observations that found the policy still busy with an earlier one. */
  skipped = 0
  readonly inferenceMs: number[] = []
  readonly aligner: Aligner
  readonly #options: FusionOptions
  readonly #frameId: string
  readonly #arrivals: Arrivals
  /**
   * What takes the messages of each topic: from its configuration on, so that nothing is remembered of the sources that
   * were there before.
   */
  #inlets: Inlet[] | undefined
  #subscriptions: Disposable[] = []
  #deadline: Disposable | undefined
  #deadlineStamp = Infinity
  /** An answer that waits for its time. */
  #answer: Disposable | undefined
  #chunks: Publisher<ActionChunkMessage> | undefined
  #busy = false
  #policyEnded = false
  #episodeStart = 0

  constructor(options: FusionOptions) {
    super('fusion')
    this.#options = options
    this.#frameId = `${options.framePrefix ?? ''}${CHUNK_FRAME}`
    this.aligner = new Aligner(options.robot, observation => this.#observe(observation))
    this.#arrivals = new Arrivals(options.robot, this.aligner, {
      onError: error => options.onError?.(error),
      onPassed: () => this.#meetDeadline(),
      ...(options.decode && { decode: options.decode }),
      ...(options.onDecoded && { onDecoded: options.onDecoded }),
      ...(options.onNotice && { onNotice: options.onNotice }),
    })
  }

  protected override async onConfigure(): Promise<void> {
    const { bus, robot } = this.#options
    await this.#arrivals.prepare()
    this.#chunks = bus.advertise(chunkTopic(robot), 'prehend_interfaces/msg/ActionChunk')
    this.#inlets = undefined
  }

  protected override onActivate(): void {
    const { bus, robot, onHeard } = this.#options
    this.#inlets ??= inlets({
      robot,
      aligner: this.aligner,
      arrivals: this.#arrivals,
      onReset: receive => {
        this.#episodeStart = receive
      },
    })
    // Two inlets may share a topic; what is heard on it is told once.
    const untold = new Set(this.#inlets.map(({ topic }) => topic))
    for (const { topic, type, take } of this.#inlets) {
      const told = untold.delete(topic) ? onHeard : undefined
      this.#subscriptions.push(
        bus.subscribe(topic, type, (message, receive) => {
          if (!take(message as never, receive)) return
          if (type === 'sensor_msgs/msg/CompressedImage') bus.work(this.#arrivals.drained())
          else this.#watchDeadline()
          told?.(topic, type, message, receive)
        }),
      )
    }
  }

  protected override async onDeactivate(): Promise<void> {
    for (const subscription of this.#subscriptions) subscription.dispose()
    this.#subscriptions = []
    await this.#arrivals.drained()
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
    const next = this.#arrivals.nextDeadline() + 1
    if (next === this.#deadlineStamp) return
    this.#deadline?.dispose()
    this.#deadline = undefined
    this.#deadlineStamp = next
    if (next === Infinity) return
    const { clock } = this.#options.bus
    this.#deadline = clock.at(next, () => {
      this.#deadlineStamp = Infinity
      this.#meetDeadline()
    })
  }

  #meetDeadline(): void {
    this.#arrivals.advance(this.#options.bus.clock.now())
    this.#watchDeadline()
  }

  #observe(aligned: Observation): void {
    const { bus, robot, policy, inferenceLatency, without = [], onObservation, onError } = this.#options
    const gone = without
      .filter(({ from }) => aligned.stamp - this.#episodeStart >= from)
      .map(({ modality }) => modality)
    const observation = withhold(robot, aligned, gone)
    try {
      onObservation?.(observation)
    } catch (error) {
      onError?.(error)
    }
    if (!policy || this.#policyEnded || this.state !== 'active' || this.#subscriptions.length === 0) return
    if (this.#busy) {
      this.skipped++
      return
    }
    this.#busy = true
    const due = bus.clock.now() + inferenceLatency
    bus.work(this.#infer(policy, observation, due), due)
  }

  /**
   * Never rejects: a policy that fails is reported and, unless it can answer no more, asked again with the next
   * observation.
   */
  async #infer(policy: Policy, observation: Observation, due: number): Promise<void> {
    const { bus, inferenceLatency, onError, onPolicyEnded } = this.#options
    try {
      const chunk = await policy.infer(observation)
      this.inferenceMs.push(chunk.inferenceMs)
      if (inferenceLatency === 0 || this.state !== 'active') this.#publish(chunk)
      else this.#answer = bus.clock.at(due, () => this.#publish(chunk))
    } catch (error) {
      this.#busy = false
      onError?.(error)
      // A node that is not active asks nothing, and its policy is closed.
      if (!policy.ended || this.#policyEnded || this.state !== 'active') return
      this.#policyEnded = true
      onPolicyEnded?.(policy.ended)
    }
  }

  #publish(chunk: ActionChunk): void {
    this.#busy = false
    this.#answer = undefined
    if (this.state !== 'active') return
    this.#chunks?.publish(chunkMessage(chunk, this.#frameId))
    this.#options.onChunk?.(chunk)
  }
}
