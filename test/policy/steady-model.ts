import { CONTRACT_KEY } from '../../policy/contract/contract.js'
import type { Robot } from '../../robots/robot.js'
import { onnxBytes, version2Json, type Scratch } from './onnx-models.js'

const ROWS = 10

/**
 * A model that looks at the joint states `from` and always wants the joints of each actuator at the same positions
 * (rad, in their order): one group for each actuator.
 */
export function steadyModel(
  scratch: Scratch,
  robot: Robot,
  { from, wants }: { readonly from: readonly string[]; readonly wants: Readonly<Record<string, readonly number[]>> },
): string {
  const row = Object.values(wants).flat()
  const seen = from.flatMap(name => robot.streams.find(each => each.name === name)?.select ?? []).length
  const shape = [1, ROWS, row.length]
  const contract = version2Json(
    robot,
    { state: { as: 'vector', dtype: 'float32', shape: [1, seen], from } },
    {
      action_chunk: {
        dtype: 'float32',
        shape,
        rate: 30,
        groups: Object.keys(wants).map(name => ({
          name,
          kind: 'joint_position',
          joints: robot.actuators.find(each => each.name === name)?.joints,
        })),
      },
    },
  )
  return scratch.file(
    'steady.onnx',
    onnxBytes({
      inputs: [{ name: 'state', dtype: 'float32', shape: [1, seen] }],
      outputs: [{ name: 'action_chunk', dtype: 'float32', shape }],
      initialisers: [
        { name: 'rows', shape, data: Float32Array.from({ length: ROWS * row.length }, (_, i) => row[i % row.length]) },
        { name: 'nothing', shape: [seen, row.length], data: new Float32Array(seen * row.length) },
      ],
      nodes: [
        { op: 'MatMul', inputs: ['state', 'nothing'], outputs: ['seen'] },
        { op: 'Add', inputs: ['rows', 'seen'], outputs: ['action_chunk'] },
      ],
      metadata: { [CONTRACT_KEY]: JSON.stringify(contract) },
    }),
  )
}
