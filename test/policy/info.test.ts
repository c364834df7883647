import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { Command } from 'commander'
import { register } from '../../cli/commands/policy-file.js'
import { contractJson, onnxBytes, Scratch, tinyModel, vocabulary } from './onnx-models.js'

const scratch = new Scratch()
const tiny = scratch.file('tiny.onnx', onnxBytes(tinyModel()))
const written: string[] = []
beforeAll(() => {
  vi.spyOn(process.stdout, 'write').mockImplementation(text => written.push(String(text)) > 0)
})
afterAll(() => {
  vi.restoreAllMocks()
  scratch.remove()
})

async function info(...args: string[]): Promise<string> {
  const program = new Command('prehend').exitOverride()
  register(program)
  written.length = 0
  await program.parseAsync(['policy', 'info', ...args], { from: 'user' })
  return written.join('')
}

describe('prehend policy info', () => {
  it('prints one JSON object with --json', async () => {
    const json = contractJson()
    const object = JSON.parse(await info(tiny, '--json')) as Record<string, unknown>
    expect(object).toMatchObject({
      name: 'tiny',
      contract: 1,
      robot: { name: 'cell', sha256: json.robot.sha256 },
      inputs: json.inputs,
      outputs: json.outputs,
      vocabulary: vocabulary.length,
      parameters: 14,
      opset: { 'ai.onnx': 17 },
      training: { commit: 'abc', episodes: 3 },
    })
  })

  it('prints a description without --json', async () => {
    const text = await info(tiny)
    for (const part of [
      'tiny',
      'cell',
      '14 parameters',
      'opset 17',
      '9 words',
      '2 rows at 30 Hz',
      'rgbd of rgb, depth',
      'commit: abc',
    ])
      expect(text).toContain(part)
  })

  it('ends with 2 and one line for a bad file', async () => {
    await expect(info(scratch.file('bad.onnx', 'no'))).rejects.toMatchObject({
      exit: 2,
      code: 'POLICY_NOT_ONNX',
      message: expect.not.stringContaining('\n') as string,
    })
    const json = contractJson()
    const model = tinyModel(json)
    json.outputs['gate'].shape = [1, 5]
    const path = scratch.file(
      'gate.onnx',
      onnxBytes({ ...model, metadata: { 'prehend.contract': JSON.stringify(json) } }),
    )
    await expect(info(path)).rejects.toMatchObject({
      exit: 2,
      message:
        `${path}: its contract and its graph differ: output gate: shape [1, 5] in the contract, [1, 4] in ` +
        'the graph',
    })
  })
})
