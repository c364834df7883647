import { givenBy, type GraphContract } from './encoder-contract.js'
import type { InputSpec } from './input-spec.js'
import type { GraphTensor, OnnxModel } from './onnx-metadata.js'
import { outputTensors } from './output-spec.js'

/**
 * All differences between a contract and the graph of its model (name, dtype, shape), one line each. Empty where they
 * agree.
 */
export function checkAgainstGraph(contract: GraphContract, model: OnnxModel): string[] {
  return [
    ...tensorDifferences('input', contract.inputs, model.inputs),
    ...model.inputs
      .filter(({ name }) => !Object.hasOwn(contract.inputs, name))
      .map(({ name }) => `input ${name}: in the graph, not in the contract`),
    ...nameDifferences(contract, model.inputs),
    ...tensorDifferences('output', outputTensors(givenBy(contract)), model.outputs),
    ...Object.entries(contract.inputs).flatMap(([name, input]) => stateDifferences(name, input, model.outputs)),
  ]
}

/** A named dimension has one size in all inputs. */
function nameDifferences(contract: GraphContract, inputs: readonly GraphTensor[]): string[] {
  const sizes = new Map<string, { readonly size: number; readonly input: string }>()
  return inputs.flatMap(({ name, shape }) =>
    shape.flatMap((dimension, i) => {
      const size = contract.inputs[name]?.shape[i]
      if (typeof dimension !== 'string' || size === undefined) return []
      const first = sizes.get(dimension) ?? { size, input: name }
      sizes.set(dimension, first)
      if (first.size === size) return []
      return [`input ${name}: its dimension ${dimension} is ${size}, and in input ${first.input} it is ${first.size}`]
    }),
  )
}

/** A state's output must be in the graph, with the type and the shape of its input. */
function stateDifferences(name: string, input: InputSpec, outputs: readonly GraphTensor[]): string[] {
  if (input.as !== 'state') return []
  const found = outputs.find(candidate => candidate.name === input.output)
  const names = outputs.map(output => output.name).join(', ')
  if (found === undefined) return [`input ${name}: its output ${input.output} is not in the graph (it has ${names})`]
  const same = found.dtype === input.dtype && fits(found.shape, input.shape)
  if (same) return []
  return [
    `input ${name}: is ${input.dtype} ${shapeText(input.shape)}, and its output ${input.output} ${found.dtype} ` +
      `${shapeText(found.shape)}; a state has one type and one shape`,
  ]
}

/** Whether a shape of a graph allows a shape. */
function fits(graph: GraphTensor['shape'], shape: readonly number[]): boolean {
  return graph.length === shape.length && graph.every((length, i) => typeof length !== 'number' || length === shape[i])
}

function tensorDifferences(
  side: string,
  specs: Readonly<Record<string, { readonly dtype: string; readonly shape: readonly number[] } | undefined>>,
  tensors: readonly GraphTensor[],
): string[] {
  return Object.entries(specs).flatMap(([name, spec]) => {
    if (spec === undefined) return []
    const tensor = tensors.find(candidate => candidate.name === name)
    if (tensor === undefined)
      return [`${side} ${name}: in the contract, not in the graph (it has ${tensors.map(t => t.name).join(', ')})`]
    const differences: string[] = []
    if (tensor.dtype !== spec.dtype)
      differences.push(`${side} ${name}: ${spec.dtype} in the contract, ${tensor.dtype} in the graph`)
    if (!fits(tensor.shape, spec.shape))
      differences.push(
        `${side} ${name}: shape ${shapeText(spec.shape)} in the contract, ${shapeText(tensor.shape)} in the graph`,
      )
    return differences
  })
}

/** `[1, ?, 6]`, `[batch, 6]`. */
export function shapeText(shape: readonly (number | string | undefined)[]): string {
  return `[${shape.map(length => length ?? '?').join(', ')}]`
}
