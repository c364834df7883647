import type { Observation } from '../../fusion/observation.js'
import type { Robot } from '../../robots/robot.js'
import { checkAgainstRobot } from '../contract/contract-robot.js'
import type { GraphContract } from '../contract/encoder-contract.js'
import type { DType } from '../contract/dtype.js'
import { valueShape, type InputSpec, type MadeInput, type SentInput } from '../contract/input-spec.js'
import { elements } from '../contract/shape.js'
import { PolicyError } from '../policy-error.js'
import { Clamp } from './clamp.js'
import { History, HistoryFullError } from './history.js'
import { MAKERS, type Maker } from './makers.js'
import { Scaling } from './scaling.js'
import { arrayOf, layout, view, write, type TensorData } from './tensors.js'

/** The inputs that are sent to the graph with each run: all but the states. */
export function sentInputs(inputs: GraphContract['inputs']): Readonly<Record<string, SentInput>> {
  const isSent = (entry: [string, InputSpec]): entry is [string, SentInput] => entry[1].as !== 'state'
  return Object.fromEntries(Object.entries(inputs).filter(isSent))
}

/** One input: how its value is made, and where it goes. */
interface Made {
  readonly name: string
  readonly input: MadeInput
  readonly make: Maker
  /** Where `make` writes. */
  readonly value: TensorData
  readonly tensor: TensorData
  readonly history: History | undefined
}

/** An input that takes a feature of an encoder. */
interface Fed {
  readonly name: string
  /** The name of the feature. */
  readonly output: string
  readonly tensor: TensorData
}

/**
 * Turns observations into the input tensors of a policy. The tensors are allocated once and refilled in place. Live
 * runs, replays and training data all use this class.
 *
 * A history begins anew with each episode and with a jump of time. So it needs every observation, in order: `fill` takes
 * one that the policy answers, `observe` one that it does not.
 */
export class Features {
  /** By input name, in the order of the contract, without states. Every `fill` overwrites them. */
  readonly tensors: Readonly<Record<string, TensorData>>
  readonly #inputs: readonly Made[]
  readonly #fed: readonly Fed[]
  readonly #remembered: readonly Made[]
  /** Of the latest observation. The observation itself, with its pictures, is not kept. */
  #last: Pick<Observation, 'episode' | 'index'> = { episode: NaN, index: -1 }
  /** Stamp of the first observation, ns. */
  #first: number | undefined

  /**
   * @param memory the block for the tensors, with the layout `layout(sentInputs(contract.inputs))`. Default: a new
   * block. Throws PolicyError `POLICY_ROBOT` where an input cannot be made from the streams of the robot. The sha256 of
   * the translation is not compared.
   */
  constructor(contract: GraphContract, robot: Robot, memory?: ArrayBufferLike) {
    const differences = checkAgainstRobot({ ...contract, robot: { ...contract.robot, sha256: robot.sha256 } }, robot)
    if (differences.length > 0) {
      throw new PolicyError(
        'POLICY_ROBOT',
        `policy ${contract.name} does not fit robot file ${robot.name}: ${differences.join('; ')}`,
        { differences },
      )
    }
    const inputs = sentInputs(contract.inputs)
    const { slots, end } = layout(inputs)
    const block = memory ?? new ArrayBuffer(end)
    this.tensors = Object.fromEntries(slots.map(slot => [slot.name, view(slot, block)]))
    this.#fed = Object.entries(inputs).flatMap(([name, input]) =>
      input.as === 'feature' ? [{ name, output: input.output, tensor: this.tensors[name]! }] : [],
    )
    this.#inputs = Object.entries(inputs).flatMap(([name, input]): Made[] => {
      if (input.as === 'feature') return []
      const tensor = this.tensors[name]!
      const { history, dtype } = input
      const length = elements(valueShape(input))
      const type = madeType(input)
      const isDirect = history === undefined && type === dtype
      const value = isDirect ? tensor : newArray(type, length)
      const make = scaled(
        MAKERS[input.as]({
          name,
          input,
          out: value,
          contract,
          robot,
          sinceFirst: stamp => stamp - (this.#first ?? stamp),
        }),
        input,
        value,
      )
      const kept = history && new History(history, () => newArray(dtype, length))
      return [{ name, input, make, value, tensor, history: kept }]
    })
    this.#remembered = this.#inputs.filter(({ history }) => history !== undefined)
  }

  /** Whether it needs every observation: it has histories, or noise, which is drawn by the time since the first one. */
  get remembers(): boolean {
    return this.#remembered.length > 0 || this.#inputs.some(({ input }) => input.as === 'noise')
  }

  /**
   * Refills all tensors and returns them. The caller must copy what it wants to keep. `encoded`: the features of the
   * encoder by name, for a head. Throws PolicyError `POLICY_INPUT` where a stream has another number of values than the
   * contract, a history needs more ticks than are kept, or a feature is missing.
   */
  fill(observation: Observation, encoded?: ReadonlyMap<string, TensorData>): Readonly<Record<string, TensorData>> {
    for (const { name, output, tensor } of this.#fed) {
      const feature = encoded?.get(output)
      if (feature === undefined)
        throw new PolicyError('POLICY_INPUT', `input ${name}: there is no feature ${output} for it`)
      ;(tensor as { set(values: TensorData): void }).set(feature)
    }
    this.#take(observation, this.#inputs)
    for (const { input, value, tensor, history } of this.#inputs) {
      if (history === undefined) {
        if (value !== tensor) write(value, tensor, input.dtype)
      } else if (input.as === 'padding') write(history.padding, tensor, input.dtype)
      else {
        let offset = 0
        for (const former of history.values()) {
          ;(tensor as { set(values: TensorData, offset: number): void }).set(former, offset)
          offset += former.length
        }
      }
    }
    return this.tensors
  }

  /** Takes an observation into the histories alone. Throws as `fill`. */
  observe(observation: Observation): void {
    this.#take(observation, this.#remembered)
  }

  /** Makes the values of these inputs. A tick enters all histories or, where one of its values is refused or a history is full, none. */
  #take(observation: Observation, inputs: readonly Made[]): void {
    if (beginsAnew(observation, this.#last)) for (const { history } of this.#remembered) history?.clear()
    this.#last = { episode: observation.episode, index: observation.index }
    this.#first ??= observation.stamp
    for (const { make } of inputs) make(observation)
    for (const { name, history } of this.#remembered) {
      try {
        history?.requireRoom(observation.stamp)
      } catch (error) {
        if (!(error instanceof HistoryFullError)) throw error
        throw new PolicyError('POLICY_INPUT', `input ${name}: ${error.message}`, { cause: error })
      }
    }
    for (const { input, value, history } of this.#remembered)
      if (history !== undefined) write(value, history.push(observation.stamp), input.dtype)
  }
}

/** Whether memories of the observations up to `last` end before this one: an episode begins, time has jumped. */
export function beginsAnew(observation: Observation, last: Pick<Observation, 'episode' | 'index'>): boolean {
  // The observations of another aligner count from 0 again.
  return observation.episode !== last.episode || observation.index <= last.index
}

/** The type in which a value is made before it gets the type of its tensor. */
function madeType({ as, dtype }: MadeInput): DType {
  if (as === 'tokens') return 'int64'
  return (as === 'image' && dtype === 'uint8') || dtype === 'float64' ? dtype : 'float32'
}

/** `make`, then the limits, the scale and the bias of the contract. The values are floats where there are any. */
function scaled(make: Maker, input: MadeInput, value: TensorData): Maker {
  const scaling = 'scale' in input || 'bias' in input ? Scaling.of(input, value.length) : undefined
  const clamp = input.as === 'vector' && input.limits !== undefined ? new Clamp(input.limits) : undefined
  if (scaling === undefined && clamp === undefined) return make
  return observation => {
    make(observation)
    clamp?.apply(value as Float32Array | Float64Array)
    scaling?.apply(value as Float32Array | Float64Array)
  }
}

function newArray(dtype: DType, length: number): TensorData {
  return arrayOf(dtype, new ArrayBuffer(length * 8), 0, length)
}
