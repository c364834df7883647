import { afterAll, describe, expect, it } from 'vitest'
import { checkAgainstGraph } from '../../policy/contract/contract-graph.js'
import { readOnnx } from '../../policy/contract/onnx-metadata.js'
import { OnnxPolicy } from '../../policy/runtime/onnx-policy.js'
import { contractOf } from '../../policy/runtime/read-model.js'
import { Features } from '../../policy/features/features.js'
import { parseRobot } from '../../robots/robot-file.js'
import {
  cell,
  contractJson,
  contractOfJson,
  fullValues,
  observation,
  onnxBytes,
  robotText,
  Scratch,
  tinyModel,
} from './onnx-models.js'

const scratch = new Scratch()
afterAll(() => scratch.remove())
const tiny = scratch.file('tiny.onnx', onnxBytes(tinyModel()))

describe('an ONNX policy', () => {
  it('passes the tensors of Features to the model, and its outputs to the caller', async () => {
    const policy = await OnnxPolicy.load(tiny, cell)
    const seen = observation(fullValues(), 123_456_789)
    const chunk = await policy.infer(seen)
    const inputs = new Features(contractOfJson(contractJson()), cell).fill(seen)
    const sum = Object.values(inputs).reduce(
      (total, values) => total + Array.from(values as ArrayLike<number | bigint>, Number).reduce((a, b) => a + b, 0),
      0,
    )
    expect(policy.name).toBe('tiny')
    expect(chunk.stamp).toBe(123_456_789)
    expect(chunk.rate).toBe(30)
    expect([...chunk.data]).toEqual(Array.from({ length: 12 }, (_, i) => Math.fround(Math.fround(i / 100) + 1)))
    expect([...(chunk.gate ?? [])]).toEqual([1, 1, 1, 1])
    expect([...(chunk.latent ?? [])]).toEqual([...(inputs['proprioception'] as Float32Array)])
    expect(chunk.graspSuccess).toBeCloseTo(sum, 2)
    expect([...chunk.origin]).toEqual([0.1, 0.2, 0.3, 0, 0, 0.6, 0.8])
    expect(chunk.inferenceMs).toBeGreaterThan(0)
    await policy.close()
  })

  it('answers in the order of the calls, each for its own observation', async () => {
    const policy = await OnnxPolicy.load(tiny, cell)
    const answers: number[] = []
    const chunks = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const chunk = await policy.infer(
          observation({ ...fullValues(), gripper: { kind: 'vector', data: Float64Array.of(i) } }, i),
        )
        answers.push(chunk.stamp)
        return chunk
      }),
    )
    expect(answers).toEqual(Array.from({ length: 20 }, (_, i) => i))
    expect(chunks.map(chunk => chunk.latent?.[7])).toEqual(answers)
    await policy.close()
  })

  it('gives a chunk without an origin where the tool pose is missing, and answers without any stream', async () => {
    const policy = await OnnxPolicy.load(tiny, cell)
    const chunk = await policy.infer(observation({}))
    expect([...chunk.origin]).toEqual(Array(7).fill(NaN))
    expect([...(chunk.gate ?? [])]).toEqual([0, 0, 0, 0])
    await policy.close()
  })

  it('takes the robot from its contract where none is given', async () => {
    const policy = await OnnxPolicy.load(tiny)
    expect((await policy.infer(observation(fullValues()))).data).toHaveLength(12)
    await policy.close()
  })

  it('leaves the event loop free while it infers', async () => {
    const size = 400
    const json = contractJson()
    const model = tinyModel(json)
    const matrix = { name: 'matrix', shape: [size, size], data: new Float32Array(size * size).fill(1 / size) }
    const multiply = Array.from({ length: 40 }, (_, i) => ({
      op: 'MatMul',
      inputs: [`m${i}`, 'matrix'],
      outputs: [`m${i + 1}`],
    }))
    const heavy = scratch.file(
      'heavy.onnx',
      onnxBytes({
        ...model,
        initialisers: [...(model.initialisers ?? []), matrix],
        nodes: [
          { op: 'Gather', inputs: ['modality_mask', 'first'], outputs: ['scalar'], attributes: { axis: 1 } },
          { op: 'Add', inputs: ['matrix', 'scalar'], outputs: ['m0'] },
          ...multiply,
          { op: 'ReduceMean', inputs: ['m40'], outputs: ['heavy'], attributes: { keepdims: 0 } },
          ...model.nodes.slice(0, -2),
          { op: 'Sum', inputs: ['heavy', ...(model.nodes.at(-2)?.inputs ?? [])], outputs: ['sum'] },
          ...model.nodes.slice(-1),
        ],
      }),
    )
    const policy = await OnnxPolicy.load(heavy, cell)
    let done = false
    let turns = 0
    const inference = policy.infer(observation(fullValues())).finally(() => {
      done = true
    })
    while (!done) {
      await new Promise<void>(resolve => setImmediate(resolve))
      turns++
    }
    expect((await inference).inferenceMs).toBeGreaterThan(1)
    // On a blocked event loop the inference would take a single turn. On a free one there are many.
    expect(turns).toBeGreaterThan(20)
    await policy.close()
  })

  it('rejects an observation that the contract has no room for, and can be used again', async () => {
    const policy = await OnnxPolicy.load(tiny, cell)
    const wrong = observation({ ...fullValues(), gripper: { kind: 'vector', data: new Float64Array(3) } })
    await expect(policy.infer(wrong)).rejects.toMatchObject({
      code: 'POLICY_INPUT',
      message: 'input proprioception: stream gripper has 3 values, the policy expects 1',
    })
    expect((await policy.infer(observation(fullValues()))).data).toHaveLength(12)
    await policy.close()
  })

  it('finishes earlier inferences before it closes, and refuses later ones', async () => {
    const policy = await OnnxPolicy.load(tiny, cell)
    const last = policy.infer(observation(fullValues()))
    await policy.close()
    expect((await last).data).toHaveLength(12)
    await expect(policy.infer(observation(fullValues()))).rejects.toMatchObject({ code: 'POLICY_CLOSED' })
    await policy.close()
  })

  it('reports a model that the runtime does not accept', async () => {
    const model = tinyModel()
    const path = scratch.file(
      'unknown-op.onnx',
      onnxBytes({
        ...model,
        nodes: model.nodes.map(node => ({ ...node, op: node.op === 'Sum' ? 'NoSuchOp' : node.op })),
      }),
    )
    await expect(OnnxPolicy.load(path, cell)).rejects.toMatchObject({
      code: 'POLICY_RUNTIME',
      exit: 2,
      message: expect.stringMatching(/does not load: .*NoSuchOp/) as string,
    })
  })
})

describe('a model is refused with the list of what differs', () => {
  const refused = async (
    name: string,
    content: Uint8Array | string,
    robot = cell,
  ): Promise<{ code: string; message: string; exit: number; differences: string[] }> => {
    const path = scratch.file(name, content)
    const error: unknown = await OnnxPolicy.load(path, robot).then(
      policy => policy.close(),
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(Error)
    const found = error as Error & { code: string; exit: number; differences: string[] }
    expect(found.exit).toBe(2)
    expect(found.message).not.toContain('\n')
    return found
  }

  it('that is no ONNX file', async () => {
    const whole = onnxBytes(tinyModel())
    for (const [name, content] of Object.entries({
      text: 'hello, I am not a model',
      empty: '',
      yaml: robotText,
      zeros: new Uint8Array(1000),
      cut: whole.subarray(0, whole.length / 2),
      noise: Uint8Array.from({ length: 500 }, (_, i) => (i * 181 + 7) % 256),
    })) {
      expect(await refused(name, content), name).toMatchObject({ code: 'POLICY_NOT_ONNX' })
    }
    await expect(OnnxPolicy.load(`${scratch.path}/none.onnx`)).rejects.toMatchObject({
      code: 'POLICY_UNREADABLE',
      message: expect.stringContaining('there is no such file') as string,
    })
    await expect(OnnxPolicy.load(scratch.path)).rejects.toMatchObject({
      code: 'POLICY_UNREADABLE',
      message: expect.stringContaining('it is a folder') as string,
    })
  })

  it('that has no contract, or one that is not JSON', async () => {
    expect(await refused('bare.onnx', onnxBytes({ ...tinyModel(), metadata: {} }))).toMatchObject({
      code: 'POLICY_NO_CONTRACT',
    })
    expect(
      await refused('text.onnx', onnxBytes({ ...tinyModel(), metadata: { 'prehend.contract': '{' } })),
    ).toMatchObject({ code: 'POLICY_CONTRACT' })
  })

  it('whose graph is another than the contract says', async () => {
    const json = contractJson()
    const model = tinyModel(json)
    json.inputs['rgbd'].shape = [1, 4, 8, 8]
    json.inputs['voice_age'].shape = [1, 3]
    json.outputs['latent'] = { dtype: 'float32', shape: [1, 9] }
    const { code, differences } = await refused(
      'graph.onnx',
      onnxBytes({
        ...model,
        inputs: model.inputs
          .filter(({ name }) => name !== 'modality_mask')
          .map(tensor => (tensor.name === 'force_pyramid' ? { ...tensor, dtype: 'int64' } : tensor))
          .concat({ name: 'noise', dtype: 'float32', shape: [1] }),
        metadata: { 'prehend.contract': JSON.stringify(json) },
      }),
    )
    expect(code).toBe('POLICY_GRAPH')
    expect(differences).toEqual([
      'input rgbd: shape [1, 4, 8, 8] in the contract, [1, 4, 6, 8] in the graph',
      'input force_pyramid: float32 in the contract, int64 in the graph',
      'input voice_age: shape [1, 3] in the contract, [1, 4] in the graph',
      'input modality_mask: in the contract, not in the graph (it has rgbd, force_pyramid, ' +
        'voice_tokens, voice_age, proprioception, noise)',
      'input noise: in the graph, not in the contract',
      'output latent: shape [1, 9] in the contract, [1, 8] in the graph',
    ])
  })

  it('that was made under another translation', async () => {
    const other = parseRobot(
      robotText.replace('33.333333 ms', '50 ms').replace('tare: 200 ms', 'tare: 300 ms'),
      'other.yaml',
    )
    const { code, message } = await refused('other.onnx', onnxBytes(tinyModel()), other)
    expect(code).toBe('POLICY_ROBOT')
    expect(message).toContain('made under another translation')
    expect(message).toContain('streams.wrench.align.window: 0.033333333 in the model, 0.05 in robot file cell')
    expect(message).toContain('streams.wrench.tare: 0.2 in the model, 0.3 in robot file cell')
  })

  it('but a dimension that the graph leaves open accepts any size', () => {
    const model = tinyModel()
    const open = readOnnx(
      onnxBytes({
        ...model,
        inputs: model.inputs.map(tensor => ({ ...tensor, shape: ['batch', ...tensor.shape.slice(1)] })),
      }),
      'open',
    )
    expect(checkAgainstGraph(contractOfJson(contractJson()), open)).toEqual([])
  })
})

it('contractOf reads only the contract', async () => {
  expect(await contractOf(tiny)).toMatchObject({
    name: 'tiny',
    robot: { name: 'cell', sha256: cell.sha256 },
    training: { episodes: 3 },
  })
})
