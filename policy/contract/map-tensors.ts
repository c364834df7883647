import { short, shortList } from '../../robots/validation.js'
import { shapeText } from './contract-graph.js'
import { hasScaling, intoGraph, limitsInSi } from './map-scaling.js'
import type { GraphMap } from './model-map.js'
import type { GraphTensor, OnnxModel } from './onnx-metadata.js'

/** A tensor of a graph, as a contract says it. */
export interface Found {
  readonly dtype: string
  readonly shape: readonly number[]
  /** The graph's name, where it is another one. */
  readonly tensor?: string
}

interface Sought {
  /** The shape that the map says. */
  readonly shape: readonly number[] | undefined
  readonly tensors: readonly GraphTensor[]
  readonly map: GraphMap
  readonly faults: string[]
  /** The graph's name. */
  readonly its?: string | undefined
}

/** Dimensions that the map gives and the graph lacks, a line each. */
export function dimensionFaults({ dimensions = {} }: GraphMap, { inputs, outputs }: OnnxModel): string[] {
  const known = new Set([...inputs, ...outputs].flatMap(namesIn))
  return Object.keys(dimensions).flatMap(name =>
    known.has(name) ? [] : [`dimension ${short(name)}: in the map, not in the graph (it has ${shortList([...known])})`],
  )
}

/** The inputs of a contract that a map gives to a model. Dtypes and shapes come from the graph. */
export function inputsOf(map: GraphMap, model: OnnxModel, faults: string[]): Record<string, unknown> {
  const inputs = Object.entries(map.inputs).flatMap(([name, given]) => {
    const { shape, unit, limits, scale, bias, mean, std, min, max, ...rest } = given
    const found = tensorFound('input', name, { shape, tensors: model.inputs, map, faults })
    if (found === undefined) return []
    const scaling = hasScaling(given) ? intoGraph({ scale, bias, mean, std, min, max }, unit ?? []) : undefined
    const inSi = limits && { limits: limitsInSi(limits, unit ?? []) }
    return [[name, { ...rest, ...found, ...inSi, ...scaling }] as const]
  })
  for (const { name } of model.inputs)
    if (!Object.hasOwn(map.inputs, name)) faults.push(`input ${name}: in the graph, not in the map`)
  return Object.fromEntries(inputs)
}

/** The tensor of the graph for what a map names. Undefined, with a fault, where there is none. */
export function tensorFound(
  side: 'input' | 'output' | 'feature',
  name: string,
  { shape: given, tensors, map, faults, its = name }: Sought,
): Found | undefined {
  const tensor = tensors.find(candidate => candidate.name === its)
  const called = its === name ? name : `${name} (tensor ${its})`
  if (tensor === undefined) {
    const hint = side === 'input' ? '' : `: say how the graph calls it (${name}: { tensor: NAME, … })`
    faults.push(
      `${side} ${called}: in the map, not in the graph (it has ${shortList(tensors.map(t => t.name))})${hint}`,
    )
    return undefined
  }
  const shape = given ?? closed(tensor, map.dimensions ?? {})
  if (shape === undefined) {
    const open = namesIn({ ...tensor, shape: tensor.shape.slice(1) }).filter(
      each => !Object.hasOwn(map.dimensions ?? {}, each),
    )
    faults.push(
      `${side} ${called}: the graph leaves its shape open, ${shapeText(tensor.shape)}: say it in the map ` +
        `(shape: [1, …]${open.length === 0 ? '' : `, or dimensions: { ${open.map(each => `${each}: …`).join(', ')} }`})`,
    )
    return undefined
  }
  return { dtype: tensor.dtype, shape, ...(its !== name && { tensor: its }) }
}

/** The names of a tensor's open dimensions. */
const namesIn = ({ shape }: GraphTensor): string[] => shape.filter(length => typeof length === 'string')

/**
 * The shape in the graph with the map's dimensions and, where the map does not say it, a batch of 1. Undefined where
 * another dimension stays open.
 */
function closed({ shape }: GraphTensor, dimensions: Readonly<Record<string, number>>): readonly number[] | undefined {
  const sizeOf = (length: number | string | undefined): number | undefined =>
    typeof length === 'string' ? (Object.hasOwn(dimensions, length) ? dimensions[length] : undefined) : length
  const whole = shape.map((length, i) => sizeOf(length) ?? (i === 0 ? 1 : NaN))
  return whole.some(Number.isNaN) ? undefined : whole
}
