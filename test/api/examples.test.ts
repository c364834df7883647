import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root, temporaryFolder } from '../e2e/prehend.js'

const folder = join(root, 'examples')
const arms = temporaryFolder()
const examples = readdirSync(folder).filter(name => name.endsWith('.ts'))

/** What each prints, to the letter. */
const PRINTS: Readonly<Record<string, readonly string[]>> = {
  'align-files.ts': [100, 200, 300, 400].map(
    (ms, i) =>
      `${ms} ms: 8x6, fz ${['0.00', '0.00', '7.63', '8.00'][i]} N of 8 samples, ` +
      'mask {"rgb":1,"depth":0,"force":1,"voice":0,"proprioception":0}',
  ),
  'bag-regression.ts': ['5 observations, 0 differences'],
  'emulated-arms.ts': [
    `follower: ${arms}/follower`,
    `leader: ${arms}/leader`,
    'the follower was at 0.00, -1.20, 1.20, 0.80, 0.00, 0.20 rad',
  ],
  'gripper-driver.ts': [
    'tool 3 at 10.0.0.7:4000',
    'width 0.02 m',
    'mine.yaml:5: actions.gripper.tool: must be from 0 to 7',
  ],
  'own-policy.ts': ['1', '101', '201', '301', '401'].map(
    ms => `${ms} ms: last row dz ${Number(ms) > 220 ? '-0.020' : '0.000'} m`,
  ),
  'sensor-node.ts': ['2 ms: 0.010', '102 ms: 0.430', '202 ms: 0.930', '302 ms: 1.430', '402 ms: 1.930'].map(
    line => `${line} N`,
  ),
}

/** What those get that do not end by themselves. */
const GIVEN: Readonly<Record<string, readonly string[]>> = { 'emulated-arms.ts': [arms, '1'] }

const run = (name: string, ...args: string[]) =>
  spawnSync(process.execPath, ['--import', 'tsx', join(folder, name), ...args], { cwd: root, encoding: 'utf8' })

test.each(examples)('%s does what it says, in 60 lines at most', name => {
  const { stdout, stderr, status } = run(name, ...(GIVEN[name] ?? []))
  expect(stderr).toBe('')
  expect(stdout.trimEnd().split('\n')).toEqual(PRINTS[name])
  expect(status).toBe(0)
  expect(readFileSync(join(folder, name), 'utf8').trimEnd().split('\n').length).toBeLessThanOrEqual(60)
  expect(readFileSync(join(folder, 'README.md'), 'utf8')).toContain(`](${name})`)
})

test('the regression test of a recording tells what another robot file changes', () => {
  const other = join(temporaryFolder(), 'press.yaml')
  writeFileSync(other, readFileSync(join(folder, 'data/press.yaml'), 'utf8').replace('40 ms', '30 ms'))
  const { stdout, stderr, status } = run('bag-regression.ts', other)
  expect(stderr).toContain('line 0: wrenchCount: 6, golden 8')
  expect(stdout).toMatch(/^5 observations, [1-9]\d* differences/)
  expect(status).toBe(1)
})
