import { createHash, webcrypto } from 'node:crypto'
import {
  MODALITIES,
  type DepthValue,
  type EventsValue,
  type ImageValue,
  type Mask,
  type Observation,
  type StreamValue,
  type WindowValue,
} from './observation.js'
import { strategyOf } from './align/strategies.js'
import type { AlignerConfig } from './stream.js'
import type { Epoch } from './stamp.js'

/**
 * One line of `--observations`. Numbers have all their digits. A missing wrench is all 0 with `wrenchCount` 0. A
 * missing picture has no hash.
 */
export interface ObservationLine {
  /** Absolute time, "sec.nanosec" with nine digits. */
  readonly stamp: string
  /** At a fast tick alone: number of observations at reference ticks before it. Its streams are those of the fast ticks. */
  readonly after?: number
  readonly mask: Mask
  readonly wrenchMean: readonly number[]
  readonly wrenchCount: number
  /** [axis][4 * window + statistic] */
  readonly forcePyramid: readonly (readonly number[])[]
  readonly voice: readonly { readonly text: string; readonly ageS: number; readonly confidence: number }[]
  /** Hex sha256 of the packed pixels. */
  readonly rgbSha256: string | null
  /** Hex sha256 of the depth as little-endian u16 mm. */
  readonly depthSha256: string | null
}

const AXES = 6
/** Windows of the pyramid where a robot has no force stream. */
const SHIPPED_WINDOWS = 6

/** The bytes of a picture that are hashed: packed rgb as it is, depth as little-endian u16. */
function pixelBytes(value: ImageValue | DepthValue): Uint8Array {
  if (value.kind === 'image') return value.data
  const bytes = new Uint8Array(value.data.buffer, value.data.byteOffset, value.data.byteLength)
  return new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? bytes : Buffer.from(bytes).swap16()
}

/**
 * The sha256 of the pixels of each image and depth stream that is present, by stream name. It is computed on another
 * thread.
 */
export async function pixelSums(observation: Observation): Promise<ReadonlyMap<string, Uint8Array>> {
  const sums = new Map<string, Uint8Array>()
  await Promise.all(
    [...observation.values].map(async ([name, value]) => {
      if (value?.kind === 'image' || value?.kind === 'depth')
        sums.set(name, new Uint8Array(await webcrypto.subtle.digest('SHA-256', pixelBytes(value))))
    }),
  )
  return sums
}

/**
 * The sha256 over a sequence of observations. Each observation enters with its stamp, mask, qualities, numbers and
 * events as canonical little-endian bytes. Its pixels enter as their own sha256, so they need not be read a second time
 * for an observation line. Times count from the first observation, so a run and its recording give the same sum
 * although their epochs differ. The logical time of emission does not enter. At fast ticks the number of observations at
 * reference ticks before them enters too, so the sum says the order of both.
 */
export class ObservationDigest {
  readonly #hash = createHash('sha256')
  #bytes = Buffer.alloc(4096)
  #length = 0
  #first: number | undefined
  #finished: string | undefined

  /**
   * Adds an observation. Returns the hex sha256 of the pixels of each image and depth stream that is present. `sums`:
   * the result of `pixelSums` for this observation; without it the pixels are hashed now.
   */
  add(observation: Observation, sums?: ReadonlyMap<string, Uint8Array>): ReadonlyMap<string, string> {
    const pixels = new Map<string, string>()
    this.#length = 0
    this.#first ??= observation.stamp
    this.#number(observation.stamp - this.#first)
    if (observation.after !== undefined) this.#number(observation.after)
    for (const modality of MODALITIES) this.#number(observation.mask[modality])
    for (const [name, value] of observation.values) {
      this.#text(name)
      const quality = observation.quality.get(name)
      this.#number(quality === undefined ? 0 : (quality.present ? 1 : 0) + (quality.held ? 2 : 0))
      this.#number(quality?.age ?? 0)
      this.#number(quality?.gap ?? 0)
      this.#number(quality?.count ?? 0)
      if (value === undefined) this.#text('missing')
      else this.#value(name, value, pixels, sums?.get(name))
    }
    this.#hash.update(this.#bytes.subarray(0, this.#length))
    return pixels
  }

  /** Hex sha256 of all observations so far. No observation can be added afterwards. */
  digest(): string {
    return (this.#finished ??= this.#hash.digest('hex'))
  }

  #value(name: string, value: StreamValue, pixels: Map<string, string>, known: Uint8Array | undefined): void {
    this.#text(value.kind)
    switch (value.kind) {
      case 'image':
      case 'depth': {
        const sum = known === undefined ? createHash('sha256').update(pixelBytes(value)).digest() : Buffer.from(known)
        pixels.set(name, sum.toString('hex'))
        this.#number(value.width)
        this.#number(value.height)
        this.#number(value.kind === 'image' ? value.channels : 1)
        this.#reserve(sum.length)
        this.#length += sum.copy(this.#bytes, this.#length)
        break
      }
      case 'window':
        this.#numbers(value.mean)
        this.#number(value.count)
        this.#numbers(value.pyramid)
        break
      case 'events':
        this.#number(value.events.length)
        for (const event of value.events) {
          this.#text(event.text)
          this.#number(event.stamp - (this.#first ?? 0))
          this.#number(event.confidence)
        }
        break
      case 'vector':
        this.#numbers(value.data)
        break
    }
  }

  #number(value: number): void {
    this.#reserve(8)
    this.#length = this.#bytes.writeDoubleLE(value, this.#length)
  }

  #numbers(values: Float64Array): void {
    this.#number(values.length)
    for (let i = 0; i < values.length; i++) this.#number(values[i] as number)
  }

  #text(text: string): void {
    const length = Buffer.byteLength(text)
    this.#number(length)
    this.#reserve(length)
    this.#length += this.#bytes.write(text, this.#length)
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const bytes = Buffer.alloc(Math.max(this.#bytes.length * 2, this.#length + more))
    this.#bytes.copy(bytes, 0, 0, this.#length)
    this.#bytes = bytes
  }
}

/**
 * An observation as a line of `--observations`. Where a modality has several streams, the line has the first declared
 * one with a value of the right kind. `pixels`: the result of `ObservationDigest.add` for this observation.
 */
export function observationLine(
  robot: Pick<AlignerConfig, 'streams'>,
  observation: Observation,
  epoch: Epoch,
  pixels: ReadonlyMap<string, string>,
): ObservationLine {
  const named = (modality: keyof Mask): string[] =>
    robot.streams.filter(stream => stream.modality === modality).map(({ name }) => name)
  const wrench = named('force')
    .map(name => observation.values.get(name))
    .find((value): value is WindowValue => value?.kind === 'window')
  const voice = named('voice')
    .map(name => observation.values.get(name))
    .find((value): value is EventsValue => value?.kind === 'events')
  const hash = (modality: 'rgb' | 'depth'): string | null => {
    for (const name of named(modality)) {
      const sum = pixels.get(name)
      if (sum !== undefined) return sum
    }
    return null
  }
  return {
    stamp: epoch.format(observation.stamp),
    ...(observation.after !== undefined && { after: observation.after }),
    mask: observation.mask,
    wrenchMean: wrench === undefined ? new Array<number>(AXES).fill(0) : [...wrench.mean],
    wrenchCount: wrench?.count ?? 0,
    forcePyramid: pyramidRows(robot, wrench),
    voice: (voice?.events ?? []).map(({ text, ageS, confidence }) => ({ text, ageS, confidence })),
    rgbSha256: hash('rgb'),
    depthSha256: hash('depth'),
  }
}

function pyramidRows(robot: Pick<AlignerConfig, 'streams'>, wrench: WindowValue | undefined): number[][] {
  if (wrench === undefined) {
    const windows = robot.streams
      .filter(stream => stream.modality === 'force')
      .map(({ align }) => strategyOf(align).windows?.(align))
      .find(count => count !== undefined)
    return Array.from({ length: AXES }, () => new Array<number>(4 * (windows ?? SHIPPED_WINDOWS)).fill(0))
  }
  const axes = wrench.mean.length
  const row = wrench.pyramid.length / axes
  return Array.from({ length: axes }, (_, axis) => [...wrench.pyramid.subarray(axis * row, (axis + 1) * row)])
}
