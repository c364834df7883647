import type { SentInput } from '../../policy/contract/input-spec.js'
import { givenBy, type GraphContract } from '../../policy/contract/encoder-contract.js'
import { outputTensors } from '../../policy/contract/output-spec.js'
import { elements } from '../../policy/contract/shape.js'
import { toFloat16 } from '../../policy/features/float16.js'
import { sentInputs } from '../../policy/features/features.js'
import { randomNumbers } from '../../policy/features/random.js'
import { float32Of, type TensorData } from '../../policy/features/tensors.js'
import { PolicyError } from '../../policy/policy-error.js'
import { shortList } from '../../robots/validation.js'
import type { NpyArray } from './npz.js'

/** The seed of the random inputs, so that a second run has the same. */
const SEED = 1

/** A model that runs on tensors: a policy, or an encoder. */
export interface TriedModel {
  readonly contract: GraphContract
  runTensors(inputs: Readonly<Record<string, TensorData>>): Promise<ReadonlyMap<string, Float32Array>>
}

/** How far the outputs of a model are from those of a reference. */
export interface Parity {
  /** Largest absolute difference by the graph's name of the output. */
  readonly differences: Readonly<Record<string, number>>
  readonly tolerance: number
}

/**
 * Runs a model once on random inputs. Zeros hide faults: a product with a weight that is wrong is 0 too. Throws PolicyError
 * `POLICY_RUNTIME` where an output has a number that is not finite.
 */
export async function tryOnRandom(tried: TriedModel, file: string): Promise<void> {
  const { inputs, vocabulary } = tried.contract
  const random = randomNumbers(SEED)
  const given = Object.entries(sentInputs(inputs)).map(
    ([name, input]) => [name, randomValues(input, vocabulary.length, random)] as const,
  )
  const outputs = await tried.runTensors(Object.fromEntries(given))
  const wrong = [...outputs].flatMap(([name, values]) => (values.every(Number.isFinite) ? [] : [name]))
  if (wrong.length > 0)
    throw new PolicyError(
      'POLICY_RUNTIME',
      `${file}: its output ${shortList(wrong)} is not finite for random inputs: its weights, or the export, are broken`,
    )
}

/**
 * Runs a model on the inputs of a reference and compares its outputs with those. A difference counts in units of the
 * larger of 1 and the reference's absolute value. `where` names the reference. Throws PolicyError `POLICY_PARITY` where
 * names, shapes or types do not fit, all at once, or where a difference is above the tolerance.
 */
export async function compareWithReference(
  tried: TriedModel,
  reference: ReadonlyMap<string, NpyArray>,
  { where, tolerance }: { readonly where: string; readonly tolerance: number },
): Promise<Parity> {
  const inputs = sentInputs(tried.contract.inputs)
  const outputs = outputTensors(givenBy(tried.contract))
  const compared = Object.keys(outputs).filter(name => reference.has(name))
  const faults = [
    ...Object.entries(inputs).flatMap(([name, spec]) => arrayFaults('input', name, spec, reference.get(name))),
    ...compared.flatMap(name => arrayFaults('output', name, outputs[name]!, reference.get(name))),
    ...(compared.length === 0
      ? [`it has none of the outputs ${shortList(Object.keys(outputs))}; it has ${shortList([...reference.keys()])}`]
      : []),
  ]
  if (faults.length > 0)
    throw new PolicyError('POLICY_PARITY', `${where}: does not fit the model: ${faults.join('; ')}`, {
      differences: faults,
    })
  const given = [...reference].flatMap(([name, { data }]) =>
    Object.hasOwn(inputs, name) ? [[name, data] as const] : [],
  )
  const differences: Record<string, number> = {}
  const beyond: string[] = []
  for (const [name, got] of await tried.runTensors(Object.fromEntries(given))) {
    const expected = reference.get(name)
    if (expected === undefined) continue
    const { absolute, relative } = differenceOf(got, float32Of(expected.data, expected.dtype))
    differences[name] = absolute
    if (!(relative <= tolerance)) beyond.push(`output ${name} differs by up to ${absolute.toPrecision(3)}`)
  }
  if (beyond.length > 0)
    throw new PolicyError(
      'POLICY_PARITY',
      `${where}: the model does not give the reference's outputs: ${beyond.join('; ')}; the tolerance is ${tolerance} ` +
        '(--tolerance): compare its export with the network',
      { differences: beyond },
    )
  return { differences, tolerance }
}

function arrayFaults(
  side: string,
  name: string,
  { dtype, shape }: { readonly dtype: string; readonly shape: readonly number[] },
  array: NpyArray | undefined,
): string[] {
  if (array === undefined) return [`${side} ${name}: is not in it`]
  const faults: string[] = []
  if (array.dtype !== dtype) faults.push(`${side} ${name}: is ${array.dtype}, the model has ${dtype}`)
  if (array.shape.join() !== shape.join())
    faults.push(`${side} ${name}: has the shape [${array.shape.join(', ')}], the model [${shape.join(', ')}]`)
  return faults
}

/** The largest difference, and the largest in units of the larger of 1 and the expected value. */
function differenceOf(got: Float32Array, expected: Float32Array): { absolute: number; relative: number } {
  let absolute = 0
  let relative = 0
  expected.forEach((value, i) => {
    const off = Object.is(got[i], value) ? 0 : Math.abs(got[i]! - value)
    // A NaN on one side is a difference without an end.
    absolute = Math.max(absolute, Number.isNaN(off) ? Infinity : off)
    relative = Math.max(relative, Number.isNaN(off) ? Infinity : off / Math.max(1, Math.abs(value)))
  })
  return { absolute, relative }
}

/** Values that an input of its kind may have: words of the vocabulary, pixels, zeros and ones, or -1 to 1. */
function randomValues({ as, dtype, shape }: SentInput, words: number, random: () => number): TensorData {
  const length = elements(shape)
  const isFlag = as === 'mask' || as === 'padding'
  const whole = as === 'tokens' ? words : dtype === 'uint8' && !isFlag ? 256 : 2
  const one = (): number => Math.floor(random() * whole)
  const number = (): number => (isFlag ? one() : as === 'image' ? random() : 2 * random() - 1)
  switch (dtype) {
    case 'int64':
      return BigInt64Array.from({ length }, () => BigInt(one()))
    case 'int32':
      return Int32Array.from({ length }, one)
    case 'uint8':
    case 'bool':
      return Uint8Array.from({ length }, one)
    case 'float64':
      return Float64Array.from({ length }, number)
    case 'float16': {
      const half = new Uint16Array(length)
      toFloat16(Float32Array.from({ length }, number), half)
      return half
    }
    case 'float32':
    case 'int8':
      return Float32Array.from({ length }, number)
  }
}
