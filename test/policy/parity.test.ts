import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { readNpz } from '../../app/policies/npz.js'
import { wrapPolicy } from '../../app/policies/wrap-policy.js'
import { onnxBytes, type ModelInfo } from './onnx-models.js'
import { python, temporaryFolder } from '../e2e/prehend.js'

const folder = temporaryFolder()
const path = (name: string): string => join(folder, name)

/** action = state * factor * again + 1, of the first six values. */
const model = (factor: number, again: number): ModelInfo => ({
  inputs: [{ name: 'state', dtype: 'float32', shape: [1, 7] }],
  outputs: [{ name: 'action', dtype: 'float32', shape: [1, 6] }],
  initialisers: [
    { name: 'factor', shape: [1], data: Float32Array.of(factor) },
    { name: 'again', shape: [1], data: Float32Array.of(again) },
    { name: 'one', shape: [1], data: Float32Array.of(1) },
    { name: 'six', shape: [6], data: BigInt64Array.of(0n, 1n, 2n, 3n, 4n, 5n) },
  ],
  nodes: [
    { op: 'Gather', inputs: ['state', 'six'], outputs: ['part'], attributes: { axis: 1 } },
    { op: 'Mul', inputs: ['part', 'factor'], outputs: ['once'] },
    { op: 'Mul', inputs: ['once', 'again'], outputs: ['product'] },
    { op: 'Add', inputs: ['product', 'one'], outputs: ['action'] },
  ],
})

/** Files that NumPy writes. The last argument is the folder. */
const WRITE = `
import os, sys, numpy as np
g = np.random.default_rng(3)
state = g.normal(size=(1, 7)).astype(np.float32)
action = state[:, :6] * 2 + 1
def save(name, f=np.savez, **arrays): f(os.path.join(sys.argv[-1], name), **arrays)
save('right.npz', state=state, action=action)
save('packed.npz', np.savez_compressed, state=state, action=action)
save('far.npz', state=state, action=action + np.float32(0.25))
save('wrong.npz', state=state.astype(np.float64)[:, :5], other=action)
save('types.npz', a=np.arange(6, dtype=np.int64).reshape(2, 3), b=np.array([True, False]), c=np.float16([0.5, -2]),
     d=np.float64(3.5), e=np.zeros((0, 2), np.uint8))
save('fortran.npz', state=np.asfortranarray(np.ones((2, 3), np.float32)))
save('text.npz', state=np.array(['a']))
`

beforeAll(() => {
  python(WRITE, folder)
  writeFileSync(path('model.onnx'), onnxBytes(model(2, 1)))
  writeFileSync(path('endless.onnx'), onnxBytes(model(3e38, 3e38)))
  writeFileSync(
    path('map.yaml'),
    'name: m\ninputs: { state: { as: vector, from: tool } }\noutputs: { action_chunk: { tensor: action, rate: 30 } }\n',
  )
})

const wrap = (options: { model?: string; reference?: string; tolerance?: number }) =>
  wrapPolicy(path(options.model ?? 'model.onnx'), {
    robot: 'cell',
    map: path('map.yaml'),
    out: path('out.onnx'),
    overwrite: true,
    reference: options.reference === undefined ? undefined : path(options.reference),
    tolerance: options.tolerance,
  })

describe('a model is compared with a reference', () => {
  test.each(['right.npz', 'packed.npz'])('that it agrees with: %s', async reference => {
    const { object, lines } = await wrap({ reference })
    expect(object).toMatchObject({
      parity: { differences: { action: expect.closeTo(0, 6) as number }, tolerance: 1e-4 },
    })
    expect(lines.at(-1)).toMatch(/^parity {6}action differs from .*npz by \S+ at most$/)
  })

  test('and refused with the largest difference; nothing is written', async () => {
    const before = readdirSync(folder)
    await expect(wrap({ reference: 'far.npz' })).rejects.toThrow(
      /far\.npz: the model does not give the reference's outputs: output action differs by up to 0\.250; the tolerance is 0\.0001/,
    )
    expect(readdirSync(folder)).toEqual(before)
    expect((await wrap({ reference: 'far.npz', tolerance: 0.3 })).object).toMatchObject({
      parity: { differences: { action: expect.closeTo(0.25, 6) as number } },
    })
  })

  test.each([
    [
      'wrong.npz',
      /input state: is float64, the model has float32; input state: has the shape \[1, 5\], the model \[1, 7\]; it has none of the outputs action; it has state, other/,
    ],
    ['fortran.npz', /array state: lies in Fortran order/],
    ['text.npz', /array state: is of the type '<U1'; read are/],
    ['map.yaml', /map\.yaml: not a \.npz: /],
    ['none.npz', /none\.npz: cannot be read/],
  ])('that does not fit: %s', async (reference, says) => {
    const fault: unknown = await wrap({ reference }).catch((error: unknown) => error)
    expect((fault as Error).message).toMatch(says)
    expect(fault).toMatchObject({ exit: 2 })
  })

  test('without one it must give finite outputs for random inputs; for zeros this one does', async () => {
    await expect(wrap({ model: 'endless.onnx' })).rejects.toThrow(
      /endless\.onnx: its output action is not finite for random inputs/,
    )
  })
})

test('arrays of a .npz are read as NumPy wrote them', async () => {
  const arrays = await readNpz(readFileSync(path('types.npz')), 'types.npz')
  expect(Object.fromEntries(arrays)).toEqual({
    a: { dtype: 'int64', shape: [2, 3], data: BigInt64Array.of(0n, 1n, 2n, 3n, 4n, 5n) },
    b: { dtype: 'bool', shape: [2], data: Uint8Array.of(1, 0) },
    c: { dtype: 'float16', shape: [2], data: Uint16Array.of(0x3800, 0xc000) },
    d: { dtype: 'float64', shape: [], data: Float64Array.of(3.5) },
    e: { dtype: 'uint8', shape: [0, 2], data: new Uint8Array(0) },
  })
})
