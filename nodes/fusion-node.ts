import { Aligner } from '../fusion/aligner.js'
import { occurred, type Dropped } from '../fusion/counters.js'
import type { Observation } from '../fusion/observation.js'
import type { Robot } from '../robots/robot.js'
import { wholeName } from '../robots/topic-name.js'
import { withhold, type Withheld } from '../fusion/withhold.js'
import type { Bus, Disposable, Publisher } from '../middleware/bus.js'
import type { DecodeImage } from '../middleware/image/decode.js'
import { LifecycleNode } from '../middleware/lifecycle.js'
import type { ActionChunkMessage, MessageTypes, TypeName } from '../middleware/messages.js'
import { Arrivals } from './intake/arrivals.js'
import { chunkMessage, type PolicyAnswer } from './chunk-message.js'
import { FeatureSupply, type Encoded, type ObservationHead } from './feature-supply.js'
import { inlets, type Inlet } from './intake/inlets.js'

/** Topic of the action chunks, relative to the robot's namespace. */
export const CHUNK_TOPIC = 'policy/action_chunk'

/** The frame of the offsets in chunks, without the prefix. */
export const CHUNK_FRAME = 'tool0'

/** Whole name of the topic of a robot's action chunks. */
export const chunkTopic = ({ namespace }: Pick<Robot, 'namespace'>): string => wholeName(CHUNK_TOPIC, namespace)

/** What the node needs of a policy. */
export interface ObservationPolicy {
  /** Why it can answer no more; undefined as long as it can. */
  readonly ended?: Error | undefined
  /** Left out: it answers at the reference ticks. */
  readonly head?: ObservationHead | undefined
  infer(observation: Observation, features?: Encoded | Promise<Encoded>): Promise<PolicyAnswer>
  /** Takes an observation that no answer is wanted for. Left out: the policy remembers nothing. */
  observe?(observation: Observation): Promise<void>
}

/** What a fusion node needs, and whom it tells. */
export interface FusionOptions {
  readonly bus: Bus
  readonly robot: Robot
  /** Undefined: the node aligns only. */
  readonly policy: ObservationPolicy | undefined
  /**
   * ns of bus time from an observation to the publication of its chunk. 0: the chunk is published when the inference is
   * done (real time). Lockstep has a fixed latency, so that the result of a seed does not depend on the machine. Where
   * the policy is a head, it is the latency of its encoder.
   */
  readonly inferenceLatency: number
  /** The same for a head. Default: `inferenceLatency`. */
  readonly headLatency?: number
  /** Modalities that are removed from the observations, each from a time of the episode on. */
  readonly without?: readonly Withheld[]
  /** Told of each observation at a reference tick. */
  readonly onObservation?: (observation: Observation) => void
  /** Told of each observation at a tick of a head. */
  readonly onFastObservation?: (observation: Observation) => void
  /**
   * Told of every message that the observations are made from, with its receive time. A recording of these messages
   * gives the same observations.
   */
  readonly onHeard?: <T extends TypeName>(topic: string, type: T, message: MessageTypes[T], receive: number) => void
  /** Decodes compressed images. Default: `decodeImage`. */
  readonly decode?: DecodeImage
  /** Told how long a compressed image took from its arrival to its pixels, ms. */
  readonly onDecoded?: (ms: number) => void
  /** Put before `tool0`, the frame of the chunks. Default: nothing. */
  readonly framePrefix?: string
  /** Told in one line what a user should know about a stream. */
  readonly onNotice?: (text: string) => void
  /** Told of each chunk that was published. */
  readonly onChunk?: (chunk: PolicyAnswer) => void
  readonly onError?: (error: unknown) => void
  /** Told once that the policy can answer no more. The node does not ask it again. `onError` was told before. */
  readonly onPolicyEnded?: (why: Error) => void
}

/**
 * Aligns the streams of the robot file at each reference tick, runs the policy on the observation, publishes the chunk.
 * Where the policy is a head, its encoder runs at the reference ticks, and the policy at ticks of its own.
 */
export class FusionNode extends LifecycleNode {
  /** Observations that were not given to the policy because it was busy with an earlier one. */
  skipped = 0
  /** Wall time of each inference, ms. Whoever reads them removes them. */
  readonly inferenceMs: number[] = []
  readonly aligner: Aligner
  /** Where the policy is a head: its features. */
  readonly supply: FeatureSupply | undefined
  readonly #options: FusionOptions
  readonly #frameId: string
  readonly #arrivals: Arrivals
  /** One for each subscription. They remember their sources, so each configuration makes new ones. */
  #inlets: Inlet[] | undefined
  #subscriptions: Disposable[] = []
  #deadline: Disposable | undefined
  #deadlineStamp = Infinity
  /** A chunk that waits until it is published. */
  #answer: Disposable | undefined
  #chunks: Publisher<ActionChunkMessage> | undefined
  #busy = false
  #policyEnded = false
  #episodeStart = 0

  constructor(options: FusionOptions) {
    super('fusion')
    this.#options = options
    this.#frameId = `${options.framePrefix ?? ''}${CHUNK_FRAME}`
    const { head } = options.policy ?? {}
    const fast = head && { ...head.ticks, emit: (observation: Observation) => this.#observeFast(observation) }
    this.aligner = new Aligner(options.robot, observation => this.#observe(observation), { fast })
    this.supply =
      head && new FeatureSupply({ head, latency: options.inferenceLatency, onError: error => this.#failed(error) })
    this.#arrivals = new Arrivals(options.robot, this.aligner, {
      onError: error => options.onError?.(error),
      onPassed: () => this.#meetDeadline(),
      ...(options.decode && { decode: options.decode }),
      ...(options.onDecoded && { onDecoded: options.onDecoded }),
      ...(options.onNotice && { onNotice: options.onNotice }),
    })
  }

  /**
   * How many samples and ticks were dropped, by the reasons that occurred. `stream`: the samples of that stream alone.
   */
  dropped(stream?: string): Partial<Dropped> {
    const { counters } = this.aligner
    const dropped = stream === undefined ? counters.dropped : counters.streams.get(stream)?.dropped
    return dropped ? occurred(dropped) : {}
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
    // Two inlets may share a topic. `onHeard` is told once of each of its messages.
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
    // Ticks that still wait give observations with the samples that are there, as at the end of a recording.
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

  /** Keeps one timer for the aligner's next deadline. A deadline has passed 1 ns after its stamp. */
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

  /** Number of observations that were for the policy to answer. */
  get asked(): number {
    const { counters } = this.aligner
    return (counters.fast ?? counters).observations
  }

  #observe(aligned: Observation): void {
    const { bus, inferenceLatency, onObservation } = this.#options
    const observation = this.#seen(aligned, onObservation)
    if (!this.#mayAsk) return
    if (this.supply) bus.work(this.supply.take(observation), observation.emitted + inferenceLatency)
    else this.#ask(observation, inferenceLatency)
  }

  /** Asks the head, unless there are no features for it. Without a chunk the motion is held. */
  #observeFast(aligned: Observation): void {
    const { policy, inferenceLatency, headLatency = inferenceLatency, onFastObservation } = this.#options
    const observation = this.#seen(aligned, onFastObservation)
    if (!this.#mayAsk) return
    const features = this.supply?.at(observation)
    if (features) this.#ask(observation, headLatency, features)
    else policy?.observe?.(observation).catch((error: unknown) => this.#options.onError?.(error))
  }

  /** The observation without what is withheld, as it is told to others. */
  #seen(aligned: Observation, tell: FusionOptions['onObservation']): Observation {
    const { robot, without = [], onError } = this.#options
    const gone = without
      .filter(({ from }) => aligned.stamp - this.#episodeStart >= from)
      .map(({ modality }) => modality)
    const observation = withhold(robot, aligned, gone)
    try {
      tell?.(observation)
    } catch (error) {
      onError?.(error)
    }
    return observation
  }

  get #mayAsk(): boolean {
    return !this.#policyEnded && this.state === 'active' && this.#subscriptions.length > 0
  }

  #ask(observation: Observation, latency: number, features?: Encoded | Promise<Encoded>): void {
    const { bus, policy, onError } = this.#options
    if (!policy) return
    if (this.#busy) {
      this.skipped++
      policy.observe?.(observation).catch((error: unknown) => onError?.(error))
      return
    }
    this.#busy = true
    const due = bus.clock.now() + latency
    bus.work(
      this.#infer(() => policy.infer(observation, features), latency, due),
      due,
    )
  }

  /** Never rejects. A failure is reported; the policy gets the next observation unless it can answer no more. */
  async #infer(answer: () => Promise<PolicyAnswer>, latency: number, due: number): Promise<void> {
    try {
      const chunk = await answer()
      this.inferenceMs.push(chunk.inferenceMs)
      if (latency === 0 || this.state !== 'active') this.#publish(chunk)
      else this.#answer = this.#options.bus.clock.at(due, () => this.#publish(chunk))
    } catch (error) {
      this.#busy = false
      this.#failed(error)
    }
  }

  /** Reports a failure of the policy or of its encoder. */
  #failed(error: unknown): void {
    const { policy, onError, onPolicyEnded } = this.#options
    onError?.(error)
    // The policy of an inactive node may have been closed.
    if (!policy?.ended || this.#policyEnded || this.state !== 'active') return
    this.#policyEnded = true
    onPolicyEnded?.(policy.ended)
  }

  #publish(chunk: PolicyAnswer): void {
    this.#busy = false
    this.#answer = undefined
    if (this.state !== 'active') return
    this.#chunks?.publish(chunkMessage(chunk, this.#frameId))
    this.#options.onChunk?.(chunk)
  }
}
