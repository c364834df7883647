import type { Robot } from '../../robots/robot.js'
import { loadSharp } from '../../middleware/image/picture-file.js'
import type { Image, TypeName } from '../../middleware/messages.js'
import { textOf, type Utterance } from '../../control/speech/said.js'
import { chunkTopic } from '../../nodes/fusion-node.js'
import type { CellLoop } from '../session/cell-loop.js'
import { cellTopic } from '../session/cell-topic.js'
import { episodeTopics } from '../session/episode-topics.js'
import { EvenSample } from './even-sample.js'

/**
 * What a report shows of one episode. Times are in s since its start. It has plain values, since it is sent between
 * processes.
 */
export interface EpisodeTrace {
  readonly index: number
  /** Names of the objects on the table. */
  readonly objects: readonly string[]
  /** The crush limit of the object that is meant in the end, N. Null: it does not break, or no object is meant. */
  readonly crush: number | null
  /** The times of the camera frames. `force` and `press` have a value for each: the largest since the frame before. */
  readonly at: readonly number[]
  /** Largest tared |force| at the wrist, N. */
  readonly force: readonly number[]
  /** Largest force of a pad or the palm on the object meant, N. */
  readonly press: readonly number[]
  /**
   * A list of weights for each modality, in the order of the contract's gate. The lists begin with the first chunk, so
   * they belong to the last times. Empty where the policy has no gate.
   */
  readonly gate: readonly (readonly number[])[]
  readonly said: readonly { readonly at: number; readonly text: string }[]
  /** The wrist camera's pictures, WebP in base64. */
  readonly pictures: readonly { readonly at: number; readonly webp: string }[]
}

/** ns between two readings of the force on the object: one step of the lockstep. */
const PRESS_PERIOD = 4_000_000
/** Number of pictures in a filmstrip, and of those that are kept while an episode runs. */
const PICTURES = 8
const KEPT = 64

const rounded = (value: number, digits: number): number => Math.round(value * 10 ** digits) / 10 ** digits

/** Subscribes to a loop's topics and makes the traces of its episodes. */
export class EpisodeTracer {
  readonly #loop: CellLoop
  readonly #frames = new EvenSample<{ readonly at: number; readonly image: Image }>(KEPT)
  #start = NaN
  #pressRead = -Infinity
  #objects: readonly string[] = []
  #crush: number | null = null
  #gateNow: Float32Array = new Float32Array(0)
  #forceNow = 0
  #pressNow = 0
  #at: number[] = []
  #force: number[] = []
  #press: number[] = []
  #gate: number[][] = []
  #said: { at: number; text: string }[] = []

  constructor(loop: CellLoop, robot: Robot) {
    this.#loop = loop
    const { bus } = loop
    bus.subscribe(episodeTopics(robot).announcements, 'std_msgs/msg/String', (_message, receive) =>
      this.#begin(receive),
    )
    bus.subscribe(cellTopic(robot, 'rgb'), 'sensor_msgs/msg/Image', (image, receive) => this.#frame(image, receive))
    for (const { topic, modality } of robot.streams)
      if (modality === 'force')
        bus.subscribe(topic, 'geometry_msgs/msg/WrenchStamped', (_message, receive) => this.#feel(receive))
    bus.subscribe(chunkTopic(robot), 'prehend_interfaces/msg/ActionChunk', ({ gate }) => {
      this.#gateNow = gate
    })
    for (const { topic, type, modality } of robot.streams) {
      if (modality === 'voice')
        bus.subscribe(topic, type as TypeName, (message, receive) =>
          this.#said.push({ at: this.#since(receive), text: textOf(message as Utterance) }),
        )
    }
  }

  /** The trace of the episode that has just ended. */
  async trace(index: number): Promise<EpisodeTrace> {
    const pictures = await Promise.all(
      this.#frames.pick(PICTURES).map(async ({ at, image }) => ({ at, webp: await webpOf(image) })),
    )
    return {
      index,
      objects: this.#objects,
      crush: this.#crush,
      at: this.#at,
      force: this.#force,
      press: this.#press,
      gate: this.#gate,
      said: this.#said,
      pictures,
    }
  }

  #since(receive: number): number {
    return rounded((receive - this.#start) / 1e9, 3)
  }

  #begin(receive: number): void {
    this.#start = receive
    this.#pressRead = -Infinity
    this.#gateNow = new Float32Array(0)
    this.#forceNow = this.#pressNow = 0
    this.#at = []
    this.#force = []
    this.#press = []
    this.#gate = []
    this.#said = []
    this.#frames.clear()
    this.#objects = this.#loop.cell.truth().objects.map(({ name }) => name)
  }

  #feel(receive: number): void {
    this.#forceNow = Math.max(this.#forceNow, this.#loop.control.guard.force)
    if (receive - this.#pressRead < PRESS_PERIOD) return
    this.#pressRead = receive
    const { target, objects } = this.#loop.cell.truth()
    const meant = objects.find(({ name }) => name === target)
    const crush = meant?.crush ?? Infinity
    this.#crush = crush === Infinity ? null : rounded(crush, 1)
    this.#pressNow = Math.max(this.#pressNow, meant?.press ?? 0)
  }

  #frame(image: Image, receive: number): void {
    // This picture was exposed in the episode before.
    if (image.stamp < this.#start) return
    const at = this.#since(receive)
    this.#frames.add({ at, image: { ...image } })
    this.#at.push(at)
    this.#force.push(rounded(this.#forceNow, 2))
    this.#press.push(rounded(this.#pressNow, 2))
    this.#gateNow.forEach((weight, i) => (this.#gate[i] ??= []).push(rounded(weight, 3)))
    this.#forceNow = this.#pressNow = 0
  }
}

async function webpOf({ width, height, data }: Image): Promise<string> {
  const sharp = await loadSharp()
  return (
    await sharp(data, { raw: { width, height, channels: 3 } })
      .webp({ quality: 72 })
      .toBuffer()
  ).toString('base64')
}
