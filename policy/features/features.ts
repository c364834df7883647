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
import { checkAgainstRobot, vectorWidth } from '../contract/contract-robot.js'
import { elements, type Contract, type InputKind, type InputSpec } from '../contract/contract.js'
import { PolicyError } from '../policy-error.js'
import { Resizer } from './resize.js'
import { layout, view, type TensorData } from './tensors.js'
import { Tokenizer } from './tokens.js'

/** Age of an event that was not said. */
export const NO_EVENT = -1
/** s; older events have this age. */
const OLDEST_EVENT = 60
const METRES_PER_MILLIMETRE = 0.001

/** Writes one input tensor from an observation. */
type Maker = (observation: Observation) => void

/** What a maker may rely on: its tensor, and the streams that it is made from. */
interface Making {
  readonly name: string
  readonly input: InputSpec
  readonly out: TensorData
  readonly contract: Contract
  readonly robot: Robot
}

/** One entry a kind. A missing stream leaves zeros (ages: -1); the mask says which. */
const MAKERS: Readonly<Record<InputKind, (making: Making) => Maker>> = {
  image,
  depth,
  rgbd,
  vector,
  window,
  pyramid,
  tokens,
  ages,
  mask,
}

/**
 * Observations as the input tensors of a policy. The tensors are allocated once and filled in place; live runs, replays
 * and training data all go through here.
 */
export class Features {
  /** By input name, in the contract's order; refilled by every `fill`. */
  readonly tensors: Readonly<Record<string, TensorData>>
  readonly #makers: readonly Maker[]

  /**
   * @param memory holds the tensors, laid out as `layout(contract.inputs)`; default: a block of its own.
   * Throws PolicyError `POLICY_ROBOT` where an input cannot be made from the robot's streams. The sha256 of the
   * translation is not compared.
   */
  constructor(contract: Contract, robot: Robot, memory?: ArrayBufferLike) {
    const differences = checkAgainstRobot({ ...contract, robot: { ...contract.robot, sha256: robot.sha256 } }, robot)
    if (differences.length > 0) {
      throw new PolicyError(
        'POLICY_ROBOT',
        `policy ${contract.name} does not fit robot file ${robot.name}: ${differences.join('; ')}`,
        { differences },
      )
    }
    const { slots, end } = layout(contract.inputs)
    const block = memory ?? new ArrayBuffer(end)
    this.tensors = Object.fromEntries(slots.map(slot => [slot.name, view(slot, block)]))
    this.#makers = Object.entries(contract.inputs).map(([name, input]) =>
      MAKERS[input.as]({ name, input, out: this.tensors[name]!, contract, robot }),
    )
  }

  /**
   * Refills all tensors and returns them; copy what is to be kept. Throws PolicyError `POLICY_INPUT` where a stream has
   * another number of values than the contract.
   */
  fill(observation: Observation): Readonly<Record<string, TensorData>> {
    for (const make of this.#makers) make(observation)
    return this.tensors
  }
}

/** f32 0..1 or u8[1, 3, H, W], r g b, averaged over area. */
function image({ input, out }: Making): Maker {
  const [, , height = 0, width = 0] = input.shape
  const [from = ''] = input.from
  const resizer = new Resizer(width, height)
  const pixels = out as Float32Array | Uint8Array
  const scale = pixels instanceof Uint8Array ? 1 : 1 / 255
  return observation => writeColour(resizer, valueOf(observation, from, 'image'), pixels, scale)
}

/** f32[1, 1, H, W] in m, the nearest pixel, 0 invalid. */
function depth({ input, out }: Making): Maker {
  const [, , height = 0, width = 0] = input.shape
  const [from = ''] = input.from
  const resizer = new Resizer(width, height)
  return observation => writeDepth(resizer, valueOf(observation, from, 'depth'), out as Float32Array, 0)
}

/** f32[1, 4, H, W]: the planes of `image` and of `depth`. */
function rgbd({ input, out }: Making): Maker {
  const [, , height = 0, width = 0] = input.shape
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

/**
 * f32[1, P]: the values of the streams one after another, each in its own place whether the others are there or not.
 */
function vector({ name, input, out, robot }: Making): Maker {
  const declared = input.from.map(from => widthOf(robot, from))
  const rest = elements(input.shape) - declared.reduce<number>((sum, width) => sum + (width ?? 0), 0)
  const widths = declared.map(width => width ?? rest)
  return observation => {
    let offset = 0
    input.from.forEach((from, i) => {
      writeVector(valueOf(observation, from, 'vector'), out as Float32Array, { offset, width: widths[i]!, name, from })
      offset += widths[i]!
    })
  }
}

function widthOf(robot: Robot, name: string): number | undefined {
  const stream = robot.streams.find(candidate => candidate.name === name)
  return stream && vectorWidth(stream)
}

function writeVector(
  value: VectorValue | undefined,
  out: Float32Array,
  place: { readonly offset: number; readonly width: number; readonly name: string; readonly from: string },
): void {
  const { offset, width, name, from } = place
  if (value === undefined) out.fill(0, offset, offset + width)
  else if (value.data.length === width) out.set(value.data, offset)
  else
    throw new PolicyError(
      'POLICY_INPUT',
      `input ${name}: stream ${from} has ${value.data.length} values, the policy expects ${width}`,
    )
}

/** f32[1, 6]: the mean wrench of the window. */
function window({ input, out }: Making): Maker {
  return observation => writeNumbers(valueOf(observation, input.from[0]!, 'window')?.mean, out as Float32Array)
}

/** f32[1, 6, 4 * windows]: the force pyramid. */
function pyramid({ input, out }: Making): Maker {
  return observation => writeNumbers(valueOf(observation, input.from[0]!, 'window')?.pyramid, out as Float32Array)
}

function writeNumbers(values: Float64Array | undefined, out: Float32Array): void {
  if (values === undefined) out.fill(0)
  else out.set(values)
}

/** i64[1, K * per_event]: the words of the last K events, newest event first. */
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

/** f32[1, K]: ages of the last K events in s, newest first. */
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

/** The value of a stream that is present. Throws where it is of another kind than the robot file lets expect. */
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
