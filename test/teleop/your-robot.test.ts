import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { contractFor } from '../../app/policies/wrap-map.js'
import { readRobot } from '../../app/robot/load-robot.js'
import { readOnnx } from '../../policy/contract/onnx-metadata.js'
import { startEmulatedArm } from '../../sim/firmware/emulated-arm.js'
import { prehend, python, root, startPrehend, temporaryFolder, type Outcome } from '../e2e/prehend.js'
import { onnxBytes } from '../policy/onnx-models.js'

/** The tutorial "your robot in an hour": its files and its commands, as they stand there. */
const page = readFileSync(join(root, 'docs/tutorial/your-robot-in-an-hour.md'), 'utf8')
const folder = temporaryFolder()
const arms = join(folder, 'arms')

const blocks = (language: string, from: string): string[] =>
  [...from.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, 'gm'))].map(([, text = '']) => text)
const section = (n: number): string => page.split(/^## /m).find(text => text.startsWith(`${n}. `)) ?? ''
/** The commands of a section. A line that ends with a backslash goes on. */
const commands = (n: number): string[] =>
  blocks('sh', section(n)).flatMap(text => text.replaceAll('\\\n', ' ').trimEnd().split('\n'))
const file = (begins: string): string => blocks('yaml', page).find(text => text.startsWith(begins)) ?? ''
const save = (name: string, text: string): void => writeFileSync(join(folder, name), text.replaceAll('/tmp/arms', arms))

const wordsOf = (line: string): string[] => line.trim().split(/\s+/).slice(1)
const run = (line: string): Outcome => prehend(wordsOf(line), { cwd: folder })

/** A command that a person types words into, one after another, each when it has said what comes before it. */
async function typed(line: string, words: readonly (readonly [RegExp, string])[]): Promise<Outcome> {
  const paths = wordsOf(line).map(word => (/\.(yaml|onnx|mcap)$/.test(word) ? join(folder, word) : word))
  const { child, end, said } = startPrehend(paths)
  for (const [what, word] of words) {
    await said(what)
    child.stdin?.write(`${word}\n`)
  }
  return end
}

/** A network that commands the joints where they are, in place of the one that the page trains. */
function writeModel(): void {
  const rows = Array.from({ length: 16 }, () => 'row')
  writeFileSync(
    join(folder, 'wave.onnx'),
    onnxBytes({
      inputs: [{ name: 'state', dtype: 'float32', shape: [1, 6] }],
      outputs: [{ name: 'action', dtype: 'float32', shape: [1, 16, 6] }],
      initialisers: [{ name: 'shape', shape: [3], data: BigInt64Array.of(1n, 1n, 6n) }],
      nodes: [
        { op: 'Reshape', inputs: ['state', 'shape'], outputs: ['row'] },
        { op: 'Concat', inputs: rows, outputs: ['action'], attributes: { axis: 1 } },
      ],
    }),
  )
  const script =
    'import sys, numpy as np; s = np.random.default_rng(0).random((1, 6), dtype=np.float32); ' +
    'np.savez(sys.argv[1], state=s, action=np.repeat(s[:, None], 16, 1))'
  python(script, join(folder, 'wave.npz'))
}

describe('the tutorial', () => {
  mkdirSync(arms)
  const follower = startEmulatedArm({ angles: [0, -1.2, 1.2, 0.8, 0, 0.2] })
  const leader = startEmulatedArm()
  symlinkSync(follower.path, join(arms, 'follower'))
  symlinkSync(leader.path, join(arms, 'leader'))
  const begin = performance.now()
  const hand = setInterval(() => {
    leader.hold([0.5 * Math.sin((performance.now() - begin) / 1000), -1, 1, 0.8, 0, 0.4])
  }, 10)
  afterAll(async () => {
    clearInterval(hand)
    await Promise.all([follower.close(), leader.close()])
  })

  test('moves an arm, records, exports, wraps and runs as it says', { timeout: 240_000 }, async () => {
    save('my-arm.yaml', file('robot: my-arm'))
    const [, sed = '', ...checks] = commands(3)
    expect(spawnSync('sh', ['-c', sed], { cwd: folder }).status).toBe(0)
    for (const line of checks) expect(run(line)).toMatchObject({ status: 0, stderr: '' })

    const following = /following the person/
    const [first = '', second = '', ...looks] = commands(5)
    for (const line of [first, second]) {
      const { status, stdout } = await typed(line, [
        [following, 'begin'],
        [/episode 0 has begun/, 'stop'],
        [/stopped/i, 'resume'],
        [/following the person[^]*following the person/, 'won'],
        [/episode 0: won/, 'quit'],
      ])
      expect([status, stdout]).toEqual([0, expect.stringMatching(/^1 episodes, 1 won, /)])
    }
    expect(looks).toHaveLength(3)
    for (const line of looks) expect(run(line).status).toBe(0)

    const [exporting = '', , , wrapping = ''] = commands(6)
    expect(run(exporting)).toMatchObject({ status: 0, stdout: expect.stringMatching(/ of 2 episodes in my-set/) })
    writeModel()
    save('wave.yaml', file('name: wave'))
    const wrapped = run(wrapping)
    expect([wrapped.status, wrapped.stderr]).toEqual([0, ''])
    expect(wrapped.stdout).toMatch(/parity +action differs from wave\.npz by 0\.00 at most/)

    const [last = ''] = commands(7)
    const { status, stderr } = await typed(last, [
      [/following the policy/, 'take'],
      [/following the person/, 'give'],
      [/following the policy[^]*following the policy/, 'quit'],
    ])
    expect([status, stderr]).toEqual([0, expect.stringMatching(/the person has the arm[^]*the policy has the arm/)])
  })

  test.each([
    ['name: pick', 'ur5e-2f85', 7],
    ['name: both', 'two-arms', 12],
  ])('has the map %s, which fits the robot file %s', (begins, robot, columns) => {
    const map = join(folder, `${robot}-map.yaml`)
    writeFileSync(map, file(begins))
    const inputs = [
      { name: 'state', dtype: 'float32', shape: [1, columns] },
      ...(robot === 'ur5e-2f85' ? [{ name: 'image', dtype: 'float32', shape: [1, 3, 96, 128] }] : []),
    ]
    const outputs = [{ name: 'action_chunk', dtype: 'float32', shape: [1, 16, columns] }]
    const model = readOnnx(onnxBytes({ inputs, outputs, nodes: [] }), 'model.onnx')
    const its = readRobot(join(root, `examples/robots/${robot}.yaml`))
    expect(contractFor({ map }, model, its, 'model.onnx').version).toBe(2)
  })
})
