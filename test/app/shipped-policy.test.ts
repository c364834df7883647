import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { describe, expect, test } from 'vitest'
import { shippedModel } from '../../app/policies/model-path.js'
import { commandJson } from '../e2e/command.js'

interface Info {
  readonly precision: string
  readonly bytes: number
  readonly inputs: unknown
  readonly outputs: unknown
  readonly robot: unknown
  readonly training: { readonly commit: string }
}

const info = async (file: string): Promise<Info> => (await commandJson(['policy', 'info', file])) as unknown as Info

describe('the policy that ships', () => {
  test('has two files of one training and one contract; the INT8 file has at most 30 % of the bytes', async () => {
    const [int8, fp32] = [await info(shippedModel('int8')), await info(shippedModel('fp32'))]
    expect([int8.precision, fp32.precision]).toEqual(['int8', 'fp32'])
    for (const field of ['inputs', 'outputs', 'robot'] as const) expect(int8[field], field).toEqual(fp32[field])
    expect(int8.training.commit).toBe(fp32.training.commit)
    expect(int8.bytes).toBeLessThanOrEqual(0.3 * fp32.bytes)
  })

  test('runs in INT8 by default, and both files grasp', async () => {
    for (const precision of ['int8', 'fp32'] as const) {
      const result = await commandJson([
        'eval',
        '--episodes',
        '2',
        '--seed',
        '3',
        '--count',
        '1',
        ...(precision === 'int8' ? [] : ['--precision', precision]),
      ])
      const file = shippedModel(precision)
      const modelSha256 = createHash('sha256').update(readFileSync(file)).digest('hex')
      expect(result).toMatchObject({ model: basename(file), modelSha256, precision, successes: 2 })
    }
  })
})
