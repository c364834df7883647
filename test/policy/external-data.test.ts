import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { WeightFiles } from '../../app/policies/weight-files.js'
import { CONTRACT_KEY } from '../../policy/contract/contract.js'
import { modelSha256 } from '../../policy/contract/external-data.js'
import { readOnnx } from '../../policy/contract/onnx-metadata.js'
import { OnnxPolicy } from '../../policy/runtime/onnx-policy.js'
import { command, commandJson } from '../e2e/command.js'
import { cell, fullValues, observation, onnxBytes, Scratch, version2Json, type ModelInfo } from './onnx-models.js'

const scratch = new Scratch()
afterAll(() => scratch.remove())
const python = fileURLToPath(new URL('../../.venv/bin/python', import.meta.url))

const WIDTH = { dtype: 'float32', shape: [1, 1], as: 'vector', from: ['gripper'] }
const WEIGHTS = Float32Array.of(9, 2, 3, 40, 50)

/** The chunk is the width times [2, 3] plus [40, 50]; both are in a file beside the model. */
function model(location: string, metadata?: ModelInfo['metadata']): ModelInfo {
  const json = version2Json(cell, { width: WIDTH })
  return {
    inputs: [{ name: 'width', dtype: 'float32', shape: [1, 1] }],
    outputs: [{ name: 'action_chunk', dtype: 'float32', shape: [1, 1, 2] }],
    initialisers: [
      { name: 'factor', shape: [1, 1, 2], data: WEIGHTS.slice(1, 3), external: { location, offset: 4 } },
      { name: 'offset', shape: [1, 1, 2], data: WEIGHTS.slice(3), external: { location, offset: 12 } },
    ],
    nodes: [
      { op: 'Mul', inputs: ['factor', 'width'], outputs: ['product'] },
      { op: 'Add', inputs: ['product', 'offset'], outputs: ['action_chunk'] },
    ],
    metadata: metadata ?? { [CONTRACT_KEY]: JSON.stringify(json) },
  }
}

/** A folder with a model and its weights. */
function saved(name: string, location = 'model.onnx.data', metadata?: ModelInfo['metadata']): string {
  const folder = join(scratch.path, name)
  mkdirSync(folder)
  writeFileSync(join(folder, 'model.onnx'), onnxBytes(model(location, metadata)))
  writeFileSync(join(folder, 'model.onnx.data'), new Uint8Array(WEIGHTS.buffer))
  return folder
}

async function chunkOf(path: string): Promise<number[]> {
  const policy = await OnnxPolicy.load(path, cell)
  const values = { ...fullValues(), gripper: { kind: 'vector' as const, data: Float64Array.of(10) } }
  const { data } = await policy.infer(observation(values))
  await policy.close()
  return [...data]
}

const MAP = {
  name: 'split',
  inputs: { width: { as: 'vector', from: 'gripper' } },
  outputs: { action_chunk: { rate: 30, groups: version2Json(cell, {}).outputs.action_chunk.groups } },
}

describe('weights in a file beside the model', () => {
  test('are used, and shown by policy info', async () => {
    const path = join(saved('used'), 'model.onnx')
    expect(await chunkOf(path)).toEqual([60, 80])
    expect(await commandJson(['policy', 'info', path])).toMatchObject({
      externalData: [{ location: 'model.onnx.data', bytes: 20 }],
      parameters: 4,
    })
  })

  test('are part of the sha256 of the model', async () => {
    const folder = saved('summed')
    const path = join(folder, 'model.onnx')
    const whole = Buffer.concat([readFileSync(path), readFileSync(join(folder, 'model.onnx.data'))])
    expect(await modelSha256(path)).toBe(createHash('sha256').update(whole).digest('hex'))
    const alone = onnxBytes({
      ...model(''),
      initialisers: model('').initialisers?.map(({ external: _external, ...each }) => each),
    })
    const file = scratch.file('alone.onnx', alone)
    expect(await modelSha256(file)).toBe(createHash('sha256').update(alone).digest('hex'))
  })

  test('as the onnx package saves them, in a node too, are found', async () => {
    const folder = saved('theirs')
    const path = join(folder, 'model.onnx')
    execFileSync(python, [
      '-c',
      `
import sys, numpy as np, onnx
from onnx import helper, numpy_helper
m = onnx.load(sys.argv[1])
m.graph.node.append(helper.make_node('Constant', [], ['unused'], value=numpy_helper.from_array(np.arange(5.0), 'c')))
onnx.save(m, sys.argv[2], save_as_external_data=True, all_tensors_to_one_file=False, size_threshold=0, convert_attribute=True)
`,
      path,
      join(folder, 'again.onnx'),
    ])
    expect(await chunkOf(join(folder, 'again.onnx'))).toEqual([60, 80])
    const { externalData } = (await commandJson(['policy', 'info', join(folder, 'again.onnx')])) as {
      externalData: { location: string; bytes: number }[]
    }
    expect(externalData.map(({ bytes }) => bytes).sort((a, b) => a - b)).toEqual([8, 8, 40])
  })

  test.each([
    ['missing', 'other.data', /its weights are in "other\.data", and there is no such file beside it; copy it to /],
    ['above', '../used.data', /its weights are in "\.\.\/used\.data", which is outside its folder/],
    ['absolute', '/etc/hostname', /its weights are in "\/etc\/hostname", which is outside its folder/],
    ['windows', 'a\\b.data', /which is outside its folder/],
  ])('are refused in one line where they are %s', async (name, location, message) => {
    writeFileSync(join(scratch.path, 'used.data'), new Uint8Array(WEIGHTS.buffer))
    const path = join(saved(name, location), 'model.onnx')
    const { status, stderr } = await command(['policy', 'info', path])
    expect(status).toBe(2)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(stderr).toMatch(message)
    await expect(OnnxPolicy.load(path, cell)).rejects.toMatchObject({ code: 'POLICY_UNREADABLE', exit: 2 })
  })

  test('are refused where they are cut off, or a link that leaves the folder', async () => {
    const cut = saved('cut')
    truncateSync(join(cut, 'model.onnx.data'), 19)
    await expect(OnnxPolicy.load(join(cut, 'model.onnx'), cell)).rejects.toThrow(
      'its weights are in "model.onnx.data", which has 19 bytes, and 20 are needed; copy it again',
    )
    const linked = saved('linked', 'link.data')
    symlinkSync(join(cut, 'model.onnx.data'), join(linked, 'link.data'))
    await expect(OnnxPolicy.load(join(linked, 'model.onnx'), cell)).rejects.toThrow(
      'its weights are in "link.data", which is a link to a file outside its folder; copy that file there',
    )
  })
})

describe('policy wrap of a model with weights beside it', () => {
  const wrap = (model: string, out: string, ...more: string[]) =>
    command(['policy', 'wrap', model, '--map', scratch.file('map.yaml', JSON.stringify(MAP)), '--out', out, ...more])

  test('takes them along into another folder, where they replace nothing without --overwrite', async () => {
    const folder = saved('bare', 'model.onnx.data', {})
    const target = join(scratch.path, 'target')
    const out = join(target, 'wrapped.onnx')
    expect(await wrap(join(folder, 'model.onnx'), out)).toMatchObject({ status: 0 })
    expect(readdirSync(target).sort()).toEqual(['model.onnx.data', 'wrapped.onnx'])
    expect(await chunkOf(out)).toEqual([60, 80])
    const again = await wrap(join(folder, 'model.onnx'), join(target, 'second.onnx'))
    expect(again.status).toBe(2)
    expect(again.stderr).toMatch(/model\.onnx\.data: is there already/)
    expect(readdirSync(target).sort()).toEqual(['model.onnx.data', 'wrapped.onnx'])
    expect(await wrap(join(folder, 'model.onnx'), join(target, 'second.onnx'), '--overwrite')).toMatchObject({
      status: 0,
    })
    expect(await chunkOf(join(target, 'second.onnx'))).toEqual([60, 80])
  })

  test('leaves them where they are in their own folder, and never writes over them', async () => {
    const folder = saved('own', 'model.onnx.data', {})
    expect(await wrap(join(folder, 'model.onnx'), join(folder, 'wrapped.onnx'))).toMatchObject({ status: 0 })
    expect(readdirSync(folder).sort()).toEqual(['model.onnx', 'model.onnx.data', 'wrapped.onnx'])
    expect(await chunkOf(join(folder, 'wrapped.onnx'))).toEqual([60, 80])
    const over = await wrap(join(folder, 'model.onnx'), join(folder, 'model.onnx.data'), '--overwrite')
    expect(over.status).toBe(2)
    expect(over.stderr).toMatch(/would take the place of .*model\.onnx\.data, which is read/)
  })

  test('leaves all as it was where one of several files cannot be given its name', async () => {
    const folder = saved('several', 'model.onnx.data', {})
    const { initialisers = [], ...rest } = model('model.onnx.data', {})
    const locations = ['model.onnx.data', 'new.data', 'taken']
    const bytes = onnxBytes({
      ...rest,
      initialisers: locations.map((location, i) => ({
        name: `weights${i}`,
        shape: [1, 1, 2],
        data: initialisers[0]!.data,
        external: { location, offset: 0 },
      })),
    })
    for (const location of locations) writeFileSync(join(folder, location), new Uint8Array(WEIGHTS.buffer))
    const target = join(scratch.path, 'half')
    // A folder takes no file's name.
    mkdirSync(join(target, 'taken/full'), { recursive: true })
    writeFileSync(join(target, 'model.onnx.data'), 'of another model')
    const out = join(target, 'wrapped.onnx')
    const weights = await WeightFiles.of(readOnnx(bytes, 'several'), join(folder, 'model.onnx'), out)
    expect(weights.targets).toEqual(locations.map(location => join(target, location)))
    weights.stage(bytes)
    expect(() => weights.place()).toThrow(/EISDIR|ENOTEMPTY|EEXIST/)
    weights.clear()
    expect(readdirSync(target).sort()).toEqual(['model.onnx.data', 'taken'])
    expect(readFileSync(join(target, 'model.onnx.data'), 'utf8')).toBe('of another model')
  })

  test('leaves nothing behind where the model does not run', async () => {
    const folder = saved('broken', 'model.onnx.data', {})
    const path = join(folder, 'model.onnx')
    const { nodes, ...rest } = model('model.onnx.data', {})
    writeFileSync(path, onnxBytes({ ...rest, nodes: nodes.map(node => ({ ...node, op: 'NoSuchOperator' })) }))
    const target = join(scratch.path, 'nothing')
    mkdirSync(target)
    const { status, stderr } = await wrap(path, join(target, 'wrapped.onnx'))
    expect(status).toBe(2)
    expect(stderr).toMatch(/broken\/model\.onnx: the model does not .*NoSuchOperator/)
    expect(readdirSync(target)).toEqual([])
    expect(existsSync(join(folder, 'model.onnx.data'))).toBe(true)
  })
})
