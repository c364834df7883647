import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { command, commandJson } from '../e2e/command.js'
import { root, temporaryFolder, type Outcome } from '../e2e/prehend.js'

const folder = temporaryFolder()
const [good, dirty] = ['good.mcap', 'dirty.mcap'].map(name => join(folder, name))

function python(script: string, ...args: string[]): Outcome {
  return spawnSync(join(root, '.venv/bin/python'), [join(root, script), ...args], { encoding: 'utf8', cwd: folder })
}

function checked(...args: string[]): unknown {
  const { status, stdout, stderr } = python('test/policy/check_clean.py', ...args)
  expect(status, stderr).toBe(0)
  return JSON.parse(stdout)
}

interface Report {
  readonly messages: number
  readonly written: number
  readonly topics: readonly {
    readonly topic: string
    readonly duplicates: number
    readonly moved: number
    readonly filled: number
  }[]
  readonly remarks: readonly string[]
}

function cleaned(source: string, target: string): Report {
  const { status, stdout, stderr } = python('policy/training/clean.py', source, target, '--json')
  expect(status, stderr).toBe(0)
  return JSON.parse(stdout) as Report
}

const replayed = async (path: string): Promise<Record<string, unknown>> =>
  await commandJson(['replay', path, '--rate', 'max', '--no-policy'])

beforeAll(async () => {
  await commandJson(['run', '--lockstep', '--policy', 'expert', '--seed', '11', '--count', '1', '--record', good])
}, 110_000)

test('random recordings are cleaned as the rules say, message by message', () => {
  const done = checked(folder, '0', '60') as Record<string, number>
  for (const [what, times] of Object.entries(done)) expect(times, what).toBeGreaterThan(0)
}, 300_000)

describe('a recording of prehend', () => {
  test('that is clean stays as it is: topics, robot file, and every bit of its observations', async () => {
    const target = join(folder, 'untouched.mcap')
    const { messages, written, topics, remarks } = cleaned(good, target)
    expect([written, remarks]).toEqual([messages, []])
    for (const topic of topics)
      expect(topic).toMatchObject({
        duplicates: 0,
        conflicts: 0,
        restamped: 0,
        unsafe: 0,
        moved: 0,
        late: 0,
        filled: 0,
        runs: [],
      })
    const known = async (path: string): Promise<object> => {
      const { start, durationS, messages: count, topics: found, metadata } = await commandJson(['info', path])
      return { start, durationS, count, found, metadata }
    }
    expect(await known(target)).toEqual(await known(good))
    expect((await replayed(target)).sha256).toBe((await replayed(good)).sha256)
  }, 110_000)

  test('with repeated messages and late poses gives its first observations again, with no duplicates to drop', async () => {
    const { twice, late } = checked('--dirty', good, dirty) as { twice: number; late: number }
    const target = join(folder, 'mended.mcap')
    const { messages, written, topics } = cleaned(dirty, target)
    expect(messages - written).toBe(twice)
    expect(topics.reduce((sum, { duplicates }) => sum + duplicates, 0)).toBe(twice)
    const moved = topics.find(({ topic }) => topic === '/tool_pose')?.moved ?? 0
    expect(moved).toBeGreaterThan(late / 2)
    expect((await replayed(dirty)).dropped).toHaveProperty('duplicate')
    const { sha256, dropped, reordered } = await replayed(target)
    expect([dropped, reordered]).toEqual([(await replayed(good)).dropped, 0])
    expect(sha256).toBe((await replayed(good)).sha256)
  }, 110_000)

  test('is reported in words', () => {
    const { status, stdout } = python('policy/training/clean.py', dirty, join(folder, 'told.mcap'))
    expect(status).toBe(0)
    expect(stdout).toMatch(/told\.mcap: \d+ of \d+ messages\n/)
    expect(stdout).toMatch(/^ {2}\/tool_pose: \d+ messages, \d+ duplicates, \d+ moved$/m)
    expect(stdout).toMatch(/^ {2}\/episode: 1 messages, clean$/m)
  }, 60_000)

  test('that was left unfinished is never overwritten by its cleaned copy', () => {
    const [unfinished, target] = ['left.part.mcap', 'left.mcap'].map(name => join(folder, name))
    copyFileSync(good, unfinished)
    cleaned(unfinished, target)
    expect(readFileSync(unfinished).equals(readFileSync(good))).toBe(true)
    expect(
      readdirSync(folder)
        .filter(name => name.startsWith('left'))
        .sort(),
    ).toEqual(['left.mcap', 'left.part.mcap'])
  }, 60_000)

  test('that is damaged is refused in one line, and no file is left', () => {
    expect(checked('--break', folder, good)).toContain(2)
  }, 110_000)
})

test.each([
  ['a file that is not there', () => ['none.mcap', 'out.mcap'], /^clean\.py: none\.mcap: No such file or directory\n$/],
  [
    'a file of another kind',
    () => [join(root, 'README.md'), 'out.mcap'],
    /^clean\.py: .*README\.md: is no whole MCAP file.*\n$/,
  ],
  [
    'the recording itself as the result',
    () => [good, good],
    /^clean\.py: .*good\.mcap: is the recording itself; name another file\n$/,
  ],
  ['a folder as the result', () => [good, folder], /^clean\.py: .*: is a folder; name another file\n$/],
])(
  '%s is bad input: one line, exit code 2, and no file',
  async (_what, args, line) => {
    const { status, stderr } = python('policy/training/clean.py', ...args())
    expect([status, stderr]).toEqual([2, expect.stringMatching(line) as string])
    expect(existsSync(join(folder, 'out.mcap'))).toBe(false)
    expect((await command(['info', good])).status).toBe(0)
  },
  30_000,
)
