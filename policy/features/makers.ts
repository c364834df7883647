import type {
  DepthValue,
  EventsValue,
  ImageValue,
  Observation,
  StreamValue,
  VectorValue,
  WindowValue,
} from '../../fusion/observation.js'
import type { Robot } from '../../robots/robot.js'
import { vectorWidth } from '../contract/contract-robot.js'
import type { GraphContract } from '../contract/encoder-contract.js'
import { valueShape, type MadeInput } from '../contract/input-spec.js'
import { elements } from '../contract/shape.js'
import { PolicyError } from '../policy-error.js'
import { fillNormal, randomNumbers, seedOf } from './random.js'
import { Resizer } from './resize.js'
import type { TensorData } from './tensors.js'
import { Tokenizer } from './tokens.js'

/** The age of an event that does not exist. */
export const NO_EVENT = -1
/** s. Older events have this age too. */
const OLDEST_EVENT = 60
const METRES_PER_MILLIMETRE = 0.001

/** Makes one value of an input from an observation. */
export type Maker = (observation: Observation) => void

/** What a maker gets: where its value goes, and the streams from which the value is made. */
export interface Making {
  readonly name: string
  readonly input: MadeInput
  /** u8 for an image of whole numbers, i64 for tokens, f64 for float64, else f32. */
  readonly out: TensorData
  readonly contract: GraphContract
  readonly robot: Robot
  /** ns from the first observation to a stamp. */
  readonly sinceFirst: (stamp: number) => number
}

type Floats = Float32Array | Float64Array

/** One maker for each kind. A missing stream leaves zeros (ages: -1). The mask shows which streams are missing. */
export const MAKERS: Readonly<Record<MadeInput['as'], (making: Making) => Maker>> = {
  image,
  depth,
  rgbd,
  vector,
  window,
  pyramid,
  tokens,
  ages,
  mask,
  // It is made from the history alone.
  padding: () => () => undefined,
  noise,
}

/** f32 0..1 or u8[1, 3, H, W], r g b, averaged over the area of each pixel. */
function image({ input, out }: Making): Maker {
  const [, , height = 0, width = 0] = valueShape(input)
  const [from = ''] = input.from
  const resizer = new Resizer(width, height)
  const pixels = out as Float32Array | Uint8Array
  const scale = pixels instanceof Uint8Array ? 1 : 1 / 255
  return observation => writeColour(resizer, valueOf(observation, from, 'image'), pixels, scale)
}

/** f32[1, 1, H, W] in m, from the nearest pixel; 0 is invalid. */
function depth({ input, out }: Making): Maker {
  const [, , height = 0, width = 0] = valueShape(input)
  const [from = ''] = input.from
  const resizer = new Resizer(width, height)
  return observation => writeDepth(resizer, valueOf(observation, from, 'depth'), out as Float32Array, 0)
}

/** f32[1, 4, H, W]: the planes of `image`, then that of `depth`. */
function rgbd({ input, out }: Making): Maker {
  const [, , height = 0, width = 0] = valueShape(input)
  const [rgbFrom = '', depthFrom = ''] = input.from
  const resizers = [new Resizer(width, height), new Resizer(width, height)] as const
  const planes = out as Float32Array
  const colour = planes.subarray(0, 3 * height * width)
  return observation => {
    writeColour(resizers[0], valueOf(observation, rgbFrom, 'image'), colour, 1 / 255)
    writeDepth(resizers[1], valueOf(observation, depthFrom, 'depth'), planes, colour.length)
  }
}

function writeColour(
  resizer: Resizer,
  value: ImageValue | undefined,
  out: Float32Array | Uint8Array,
  scale: number,
): void {
  if (value === undefined) out.fill(0)
  else resizer.colour(value.data, value.width, value.height, value.channels, out, 0, scale)
}

function writeDepth(resizer: Resizer, value: DepthValue | undefined, out: Float32Array, offset: number): void {
  if (value === undefined) out.fill(0, offset)
  else resizer.depth(value.data, value.width, value.height, out, offset, METRES_PER_MILLIMETRE)
}

/** f32[1, P], or f64: the values of the streams one after another. Each stream keeps its place when others are missing. */
function vector({ name, input, out, robot }: Making): Maker {
  const declared = input.from.map(from => widthOf(robot, from))
  const rest = elements(valueShape(input)) - declared.reduce<number>((sum, width) => sum + (width ?? 0), 0)
  const widths = declared.map(width => width ?? rest)
  return observation => {
    let offset = 0
    input.from.forEach((from, i) => {
      const value = valueOf(observation, from, 'vector')?.data
      writeVector(value, out as Floats, { offset, width: widths[i]!, name, from })
      offset += widths[i]!
    })
  }
}

function widthOf(robot: Robot, name: string): number | undefined {
  const stream = robot.streams.find(candidate => candidate.name === name)
  return stream && vectorWidth(stream)
}

function writeVector(
  values: Float64Array | undefined,
  out: Floats,
  place: { readonly offset: number; readonly width: number; readonly name: string; readonly from: string },
): void {
  const { offset, width, name, from } = place
  if (values === undefined) out.fill(0, offset, offset + width)
  else if (values.length === width) out.set(values, offset)
  else
    throw new PolicyError(
      'POLICY_INPUT',
      `input ${name}: stream ${from} has ${values.length} values, the policy expects ${width}`,
    )
}

/** f32[1, P]: the mean of the window. */
function window({ name, input, out }: Making): Maker {
  const [from = ''] = input.from
  const place = { offset: 0, width: out.length, name, from }
  return observation => writeVector(valueOf(observation, from, 'window')?.mean, out as Floats, place)
}

/** f32[1, P, 4 * windows]: the pyramid. */
function pyramid({ name, input, out }: Making): Maker {
  const [from = ''] = input.from
  const place = { offset: 0, width: out.length, name, from }
  return observation => writeVector(valueOf(observation, from, 'window')?.pyramid, out as Floats, place)
}

/** i64[1, K * per_event]: the words of the last K events, the newest event first. */
function tokens({ input, out, contract }: Making): Maker {
  const perEvent = input.as === 'tokens' ? input.per_event : 1
  const tokenizer = new Tokenizer(contract.vocabulary)
  return observation => {
    const events = valueOf(observation, input.from[0]!, 'events')?.events ?? []
    for (let offset = 0, i = events.length - 1; offset < out.length; offset += perEvent, i--) {
      tokenizer.write(i >= 0 ? events[i]!.text : '', out as BigInt64Array, offset, perEvent)
    }
  }
}

/** f32[1, K]: the ages of the last K events in s, the newest first. */
function ages({ input, out }: Making): Maker {
  return observation => {
    const events = valueOf(observation, input.from[0]!, 'events')?.events ?? []
    for (let k = 0; k < out.length; k++) {
      const i = events.length - 1 - k
      out[k] = i >= 0 ? Math.min(OLDEST_EVENT, events[i]!.ageS) : NO_EVENT
    }
  }
}

/** f32[1, N]: 1 where a stream is present, in the order of `from`. */
function mask({ input, out }: Making): Maker {
  return observation =>
    input.from.forEach((from, i) => {
      out[i] = isPresent(observation, from) ? 1 : 0
    })
}

/**
 * f32 or f64 of any shape: standard normal numbers. They follow from the time since the first observation, because the
 * stamps of a replay count from another moment.
 */
function noise({ name, out, sinceFirst }: Making): Maker {
  return ({ stamp }) => fillNormal(out as Floats, randomNumbers(seedOf(name, sinceFirst(stamp))))
}

function isPresent(observation: Observation, name: string): boolean {
  return observation.quality.get(name)?.present === true && observation.values.get(name) !== undefined
}

interface ValueKinds {
  image: ImageValue
  depth: DepthValue
  window: WindowValue
  events: EventsValue
  vector: VectorValue
}

/**
 * The value of a stream. Undefined where the stream is missing. Throws PolicyError `POLICY_INPUT` where the value is of
 * another kind than the contract expects.
 */
function valueOf<Kind extends StreamValue['kind']>(
  observation: Observation,
  name: string,
  kind: Kind,
): ValueKinds[Kind] | undefined {
  const value = observation.values.get(name)
  if (value === undefined || !isPresent(observation, name)) return undefined
  if (value.kind === kind) return value as ValueKinds[Kind]
  throw new PolicyError('POLICY_INPUT', `stream ${name} is of the kind ${value.kind}, the policy expects ${kind}`)
}
