import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { contractOfMap } from '../../policy/contract/map-contract.js'
import { checkModelMap, readMap } from '../../policy/contract/model-map.js'
import { readOnnx } from '../../policy/contract/onnx-metadata.js'
import { cell, onnxBytes, type TensorInfo } from './onnx-models.js'

const parseModelMap = (text: string, where: string) => checkModelMap(readMap(text, where), where)

const INPUTS: TensorInfo[] = [
  { name: 'observation.images.top', dtype: 'float16', shape: ['batch', 'steps', 3, 'h', 'w'] },
  { name: 'observation.state', dtype: 'float32', shape: ['batch', 'steps', 1] },
  { name: 'observation.is_pad', dtype: 'bool', shape: ['batch', 'steps'] },
  { name: 'h_in', dtype: 'float32', shape: [1, 'hidden'] },
]
const OUTPUTS: TensorInfo[] = [
  { name: 'action_chunk', dtype: 'float32', shape: ['batch', 8, 2] },
  { name: 'h_out', dtype: 'float32', shape: [1, 'hidden'] },
]
const graph = readOnnx(onnxBytes({ inputs: INPUTS, outputs: OUTPUTS, nodes: [] }), 'diffusion.onnx')

const MAP = `
name: diffusion
dimensions: { steps: 2, h: 96, w: 128, hidden: 64 }
inputs:
  observation.images.top: { as: image,   from: rgb,     history: { ticks: 2 } }
  observation.state:      { as: vector,  from: gripper, history: { samples: 2, rate: 15 } }
  observation.is_pad:     { as: padding,                history: { ticks: 2 } }
  h_in:                   { as: state, output: h_out }
outputs:
  action_chunk: { rate: 30, groups: [{ name: gripper, kind: gripper, channels: [width, effort] }] }
`
const contractOf = (text: string) => contractOfMap(parseModelMap(text, 'map.yaml'), graph, cell, 'it does not fit')

describe('a map', () => {
  test('names dimensions once, histories and states; names have dots', () => {
    const { version, inputs, outputs } = contractOf(MAP)
    expect(version).toBe(2)
    expect(outputs.action_chunk.shape).toEqual([1, 8, 2])
    const given = (parse(MAP) as { inputs: Record<string, object> }).inputs
    expect(inputs).toEqual({
      'observation.images.top': {
        ...given['observation.images.top'],
        from: ['rgb'],
        dtype: 'float16',
        shape: [1, 2, 3, 96, 128],
      },
      'observation.state': { ...given['observation.state'], from: ['gripper'], dtype: 'float32', shape: [1, 2, 1] },
      'observation.is_pad': { ...given['observation.is_pad'], from: [], dtype: 'bool', shape: [1, 2] },
      h_in: { ...given['h_in'], from: [], dtype: 'float32', shape: [1, 64] },
    })
  })

  test('without groups has the channels of version 1, also where its inputs are of version 2', () => {
    const [, ...rest] = OUTPUTS
    const six = onnxBytes({
      inputs: INPUTS,
      outputs: [{ name: 'action_chunk', dtype: 'float32', shape: ['batch', 8, 6] }, ...rest],
      nodes: [],
    })
    const text = MAP.replace(', groups: [{ name: gripper, kind: gripper, channels: [width, effort] }]', '')
    const { version, outputs } = contractOfMap(parseModelMap(text, 'map.yaml'), readOnnx(six, 'six.onnx'), cell, 'it')
    expect(version).toBe(2)
    expect(outputs.action_chunk).toMatchObject({ shape: [1, 8, 6], groups: [{ kind: 'pose' }, { kind: 'gripper' }] })
  })

  test.each([
    [
      (text: string) => text.replace('hidden: 64', 'depth: 64'),
      'dimension depth: in the map, not in the graph (it has batch, steps, h, w, hidden); ' +
        'input h_in: the graph leaves its shape open, [1, hidden]: say it in the map (shape: [1, …], or dimensions: { hidden: … })',
    ],
    [
      (text: string) =>
        text.replace(
          'as: image,   from: rgb,     history: { ticks: 2 }',
          'as: image, from: rgb, history: { ticks: 3 }, shape: [1, 3, 3, 96, 128]',
        ),
      'input observation.state: its dimension steps is 2, and in input observation.images.top it is 3; ' +
        'input observation.is_pad: its dimension steps is 2, and in input observation.images.top it is 3',
    ],
    [
      (text: string) => text.replace('output: h_out', 'output: hidden'),
      'input h_in: its output hidden is not in the graph (it has action_chunk, h_out)',
    ],
    [
      (text: string) => text.replace('from: gripper, ', ''),
      /inputs\.observation\.state\.from: expected a list, and nothing is there/,
    ],
    [
      // What is wrong with one part does not hide what is wrong with another.
      (text: string) =>
        text
          .replace('as: image,   from: rgb,     history: { ticks: 2 }', 'as: image, from: rgb, history: { ticks: 3 }')
          .replace('from: gripper, ', 'from: jaw, ')
          .replace('name: gripper, kind', 'name: claw, kind'),
      /inputs\.observation\.images\.top: image with a history of 3 has.*input observation\.state: the robot file has no stream jaw.*group claw: the robot has no actuator claw/,
    ],
  ])('%# is refused with what does not fit', (change, message) => {
    expect(() => contractOf(change(MAP))).toThrow(message)
  })
})
