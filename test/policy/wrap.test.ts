import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { OnnxPolicy } from '../../policy/runtime/onnx-policy.js'
import { contractJson, fullValues, observation, onnxBytes, tinyModel, type ModelInfo } from './onnx-models.js'
import { command, commandJson } from '../e2e/command.js'
import { python, temporaryFolder, type Outcome } from '../e2e/prehend.js'

const folder = temporaryFolder()
const out = join(folder, 'out.onnx')
const file = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}
/** The tiny model without a contract, as a model from elsewhere. */
const plain: ModelInfo = { ...tinyModel(), metadata: { other: 'kept ✓' } }
/** The same with an open batch dimension. */
const foreign = onnxBytes({
  ...plain,
  inputs: plain.inputs.map(tensor => ({ ...tensor, shape: ['batch', ...tensor.shape.slice(1)] })),
})
const json = contractJson()

interface Map {
  name: string
  dimensions?: Record<string, number>
  inputs: Record<string, Record<string, unknown>>
  outputs: Record<string, Record<string, unknown>>
  vocabulary?: string[]
}

const map = (): Map => ({
  name: 'wrapped',
  inputs: {
    rgbd: { as: 'rgbd', from: ['rgb', 'depth'] },
    force_pyramid: { as: 'pyramid', from: 'wrench' },
    voice_tokens: { as: 'tokens', from: 'voice', per_event: 8 },
    voice_age: { as: 'ages', from: 'voice' },
    proprioception: { as: 'vector', from: ['tool', 'gripper'] },
    modality_mask: { as: 'mask', from: ['rgb', 'depth', 'wrench', 'voice'] },
  },
  outputs: { action_chunk: { rate: 30 }, gate: {} },
  vocabulary: json.vocabulary,
})

/**
 * Compares both models by the onnx package: whether they differ only in the metadata, what the metadata are, and what
 * onnxruntime gives for a fixed input.
 */
const COMPARE = `
import json, sys, numpy as np, onnx, onnxruntime
def bare(path):
    m = onnx.load(path)
    meta = {p.key: p.value for p in m.metadata_props}
    del m.metadata_props[:]
    return m.SerializeToString(deterministic=True), meta
(a, before), (b, after) = map(bare, sys.argv[1:])
onnx.checker.check_model(onnx.load(sys.argv[2]))
def run(path):
    s = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])
    g = np.random.default_rng(0)
    feed = {i.name: (g.integers(0, 5, i.shape[1:])[None] if 'int64' in i.type else g.random([1] + i.shape[1:], dtype=np.float32)) for i in s.get_inputs()}
    return [o.tolist() for o in s.run(None, feed)]
print(json.dumps({'same': a == b, 'sameOutputs': run(sys.argv[1]) == run(sys.argv[2]), 'before': before, 'after': after}))
`

describe('prehend policy wrap', () => {
  let model: string

  beforeAll(() => {
    model = file('foreign.onnx', foreign)
  })

  const wrap = async (given: Map, onnx = model): Promise<Outcome> =>
    await command([
      'policy',
      'wrap',
      onnx,
      '--map',
      file('map.yaml', JSON.stringify(given)),
      '--out',
      out,
      '--overwrite',
    ])

  test('writes a contract that info shows, and changes nothing else', async () => {
    const { status, stderr } = await wrap(map())
    expect([status, stderr]).toEqual([0, ''])
    expect(await commandJson(['policy', 'info', out])).toMatchObject({
      name: 'wrapped',
      robot: { name: 'cell', sha256: json.robot.sha256 },
      inputs: json.inputs,
      outputs: { action_chunk: json.outputs.action_chunk, gate: json.outputs.gate },
      vocabulary: json.vocabulary.length,
    })
    const seen = JSON.parse(python(COMPARE, model, out)) as {
      same: boolean
      sameOutputs: boolean
      before: object
      after: Record<string, string>
    }
    expect([seen.same, seen.sameOutputs]).toEqual([true, true])
    const { 'prehend.contract': contract, ...others } = seen.after
    expect(others).toEqual(seen.before)
    expect(JSON.parse(contract)).toMatchObject({ version: 1, robot: { canonical: json.robot.canonical } })
  })

  test('gives a model that runs in the loop', async () => {
    expect((await wrap(map())).status).toBe(0)
    const run = await commandJson(['run', '--lockstep', '--policy', out, '--episodes', '1', '--seed', '11'], [0, 1])
    expect(run).toMatchObject({ episodes: 1 })
    expect(run.chunks).toBeGreaterThan(50)
  })

  /** Expects one line, exit code 2, and an unchanged file. */
  function expectRefusal({ status, stdout, stderr }: Outcome, ...says: RegExp[]): void {
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr.trim().split('\n')).toHaveLength(1)
    for (const what of says) expect(stderr).toMatch(what)
    expect(readdirSync(folder).filter(name => name.includes('.part'))).toEqual([])
  }

  test('refuses a map with all differences', async () => {
    const before = readFileSync(out)
    const wrong = map()
    delete wrong.inputs.voice_age
    wrong.inputs.proprioception = { as: 'vector', from: ['tool'] }
    wrong.inputs.touch = { as: 'window', from: 'wrench' }
    wrong.inputs.force_pyramid = { as: 'pyramid', from: 'glove' }
    expectRefusal(
      await wrap(wrong),
      /foreign\.onnx with .*map\.yaml does not fit robot file cell: /,
      /input touch: in the map, not in the graph \(it has rgbd/,
      /input voice_age: in the graph, not in the map/,
      /input proprioception: the contract has 8 values, the robot file's streams 7/,
      /input force_pyramid: the robot file has no stream glove/,
    )
    expect(readFileSync(out)).toEqual(before)
  })

  test('refuses an output of another shape or another name', async () => {
    const gate = map()
    gate.outputs.gate = { shape: [1, 5] }
    expectRefusal(await wrap(gate), /output gate: shape \[1, 5\] in the contract, \[1, 4\] in the graph/)
    const { outputs, nodes } = plain
    const renamed = onnxBytes({
      ...plain,
      outputs: outputs.map(tensor => (tensor.name === 'action_chunk' ? { ...tensor, name: 'actions' } : tensor)),
      nodes: nodes.map(node => ({
        ...node,
        outputs: node.outputs.map(name => (name === 'action_chunk' ? 'actions' : name)),
      })),
    })
    expectRefusal(
      await wrap(map(), file('renamed.onnx', renamed)),
      /output action_chunk: in the map, not in the graph \(it has actions, /,
    )
    const named = map()
    named.outputs.action_chunk.tensor = 'actions'
    expect((await wrap(named, join(folder, 'renamed.onnx'))).stderr).toBe('')
    const policy = await OnnxPolicy.load(out)
    try {
      const chunk = await policy.infer(observation(fullValues()))
      expect(policy.contract).toMatchObject({ version: 2, outputs: { action_chunk: { tensor: 'actions' } } })
      // The tiny model gives 0, 0.01, 0.02 …, and 1 for the stream that is there.
      expect([...chunk.data]).toEqual(Array.from({ length: 12 }, (_, i) => Math.fround(Math.fround(i / 100) + 1)))
    } finally {
      await policy.close()
    }
  })

  test('refuses open shapes, invalid maps and missing files', async () => {
    const { inputs } = plain
    const open = onnxBytes({
      ...plain,
      inputs: inputs.map(tensor => (tensor.name === 'rgbd' ? { ...tensor, shape: [1, 4, 'h', 'w'] } : tensor)),
    })
    expectRefusal(
      await wrap(map(), file('open.onnx', open)),
      /input rgbd: the graph leaves its shape open, \[1, 4, h, w\]: say it in the map \(shape: \[1, …\], or dimensions: \{ h: …, w: … \}\)/,
    )
    const given = map()
    given.inputs.rgbd.shape = [1, 4, 6, 8]
    expect((await wrap(given, join(folder, 'open.onnx'))).status).toBe(0)
    const named = { ...map(), dimensions: { h: 6, w: 8 } }
    expect((await wrap(named, join(folder, 'open.onnx'))).status).toBe(0)
    expect(await commandJson(['policy', 'info', out])).toMatchObject({ inputs: { rgbd: { shape: [1, 4, 6, 8] } } })
    expectRefusal(
      await wrap({ ...named, dimensions: { h: 6, w: 8, depth: 3 } }, join(folder, 'open.onnx')),
      /dimension depth: in the map, not in the graph \(it has h, w\)/,
    )
    expectRefusal(
      await wrap({ ...map(), inputs: { rgbd: { as: 'rgbd', form: 'rgb' } } }),
      /map\.yaml: not a map of a model: .*inputs\.rgbd/,
    )
    expectRefusal(
      await command(['policy', 'wrap', model, '--map', file('no.yaml', 'inputs: ['), '--out', out, '--overwrite']),
      /no\.yaml: not YAML/,
    )
    expectRefusal(
      await command(['policy', 'wrap', model, '--map', join(folder, 'none.yaml'), '--out', out, '--overwrite']),
      /none\.yaml: cannot be read/,
    )
    expectRefusal(await wrap(map(), file('noise.onnx', 'no')), /not an ONNX model/)
  })

  test('refuses a model that does not run', async () => {
    const { nodes } = plain
    const broken = onnxBytes({
      ...plain,
      nodes: nodes.map(node =>
        node.op === 'Identity' && node.outputs[0] === 'gate' ? { ...node, op: 'NoSuchOperator' } : node,
      ),
    })
    expectRefusal(await wrap(map(), file('broken.onnx', broken)), /broken\.onnx: the model does not .*NoSuchOperator/)
  })
})
