import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { prehend, prehendJson, root, startPrehend, temporaryFolder } from './prehend.js'

const PYTHON = join(root, '.venv/bin/python')
/** ms; a cluster of three nodes and what runs on it share the machine with the other tests. */
const LIMIT = 400_000
const folder = temporaryFolder()

/** Two objects of our own, so that a file has to be sent to the cluster. */
const OBJECTS = join(folder, 'mine.yaml')
writeFileSync(
  OBJECTS,
  `
- { name: red cylinder, colour: red, mass: 0.2, friction: 0.8, crush: 150, parts: [{ shape: cylinder, size: [0.022, 0.035] }] }
- { name: blue box, colour: blue, mass: [0.1, 0.3], friction: 0.8, parts: [{ shape: box, size: [0.02, 0.02, 0.03] }] }
`,
)

// Anyone who knows this token may run programs on the cluster.
process.env.RAY_AUTH_TOKEN = randomBytes(24).toString('hex')
// The cluster listens on the loopback interface alone.
process.env.RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER = '0'
process.env.PREHEND_PYTHON = PYTHON

/** ray_cluster.py: answers a line with a line. */
class RayCluster {
  readonly #process: ChildProcess
  readonly #answers: AsyncIterator<string>

  constructor() {
    this.#process = spawn(PYTHON, [join(root, 'test/e2e/ray_cluster.py')], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#answers = createInterface({ input: this.#process.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]()
  }

  async answer(): Promise<Record<string, unknown>> {
    const { value } = (await this.#answers.next()) as { value: string | undefined }
    if (value === undefined) throw new Error('ray_cluster.py ended')
    return JSON.parse(value) as Record<string, unknown>
  }

  ask(what: 'kill' | 'running'): Promise<Record<string, unknown>> {
    this.#process.stdin?.write(`${what}\n`)
    return this.answer()
  }

  async close(): Promise<void> {
    if (this.#process.exitCode !== null) return
    const closed = once(this.#process, 'close')
    this.#process.stdin?.end()
    await closed
  }
}

/** The part of a result that does not depend on the machine's speed. */
const untimed = (result: Record<string, unknown>): object => ({ ...result, wallS: 0, meanInferenceMs: 0 })

/** int64 values of a .npy file (version 1.0), from the first one on. */
function sinceFirst(file: Buffer): bigint[] {
  const begin = 10 + file.readUInt16LE(8)
  const count = (file.length - begin) / 8
  const first = file.readBigInt64LE(begin)
  return Array.from({ length: count }, (_, i) => file.readBigInt64LE(begin + 8 * i) - first)
}

describe('on a Ray cluster of two nodes', () => {
  let cluster: RayCluster
  let address: string

  beforeAll(async () => {
    cluster = new RayCluster()
    address = (await cluster.answer()).address as string
  }, LIMIT)
  afterAll(() => cluster.close(), LIMIT)

  test(
    'a benchmark that loses a node while an episode runs there ends with the result of a local one',
    async () => {
      const args = ['eval', '--policy', 'expert', '--seed', '11', '--objects', OBJECTS, '--episodes', '3', '--json']
      const [there, here] = ['there.jsonl', 'here.jsonl'].map(name => join(folder, name))
      const run = startPrehend([...args, '--ray', address, '--results', there])
      const { killed, left } = await cluster.ask('kill')
      // The node was running an episode, which was lost with it.
      expect((killed as number[]).length).toBeGreaterThan(1)
      expect(left).toEqual([])
      const { status, stdout, stderr } = await run.end
      expect(status, stderr).toBe(0)
      expect(stderr).toMatch(/ray: episode \d .*was lost and runs again: /)
      const local = prehendJson([...args.slice(0, -1), '--jobs', '3', '--results', here])
      expect(untimed(JSON.parse(stdout) as Record<string, unknown>)).toEqual(untimed(local))
      expect(readFileSync(there, 'utf8')).toBe(readFileSync(here, 'utf8'))
    },
    LIMIT,
  )

  test(
    'recordings are collected as on this machine',
    () => {
      const collect = (out: string, ...more: string[]): Record<string, unknown> => {
        const { status, stdout, stderr } = spawnSync(
          PYTHON,
          [
            join(root, 'policy/training/collect.py'),
            '--out',
            out,
            '--episodes',
            '1',
            '--per-job',
            '1',
            '--objects',
            OBJECTS,
            '--perturb',
            '0.01',
            ...more,
          ],
          { encoding: 'utf8', timeout: LIMIT },
        )
        expect(status, stderr).toBe(0)
        return JSON.parse(stdout) as Record<string, unknown>
      }
      const [there, here] = ['there', 'here'].map(name => join(folder, name))
      expect(collect(there, '--ray', address)).toEqual({ ...collect(here, '--jobs', '1'), out: there })
      const set = 's100000-p10'
      expect(readdirSync(there)).toEqual([set])
      expect(readdirSync(join(there, set)).sort()).toEqual(readdirSync(join(here, set)).sort())
      for (const name of readdirSync(join(there, set)).filter(name => name.endsWith('.npy'))) {
        const [array, same] = [there, here].map(out => readFileSync(join(out, set, name)))
        // Stamps tell when a recording was made.
        if (name === 'stamp.npy') expect(sinceFirst(array)).toEqual(sinceFirst(same))
        else expect(array.equals(same), name).toBe(true)
      }
    },
    LIMIT,
  )

  test(
    'a task that fails is not run again: one line says where and why',
    async () => {
      const asked = {
        address,
        root,
        files: {},
        tasks: [{ name: 'episode 1', commands: [['eval', '--policy', 'none.onnx', '--episodes', '1']] }],
      }
      const tasks = spawn(PYTHON, [join(root, 'policy/training/ray_tasks.py')], { stdio: ['pipe', 'pipe', 'inherit'] })
      tasks.stdin.write(`${JSON.stringify(asked)}\n`)
      const lines: unknown[] = []
      for await (const line of createInterface({ input: tasks.stdout })) lines.push(JSON.parse(line))
      expect(lines).toEqual([
        { failed: expect.stringMatching(/^episode 1: .*none\.onnx: cannot read this model/) as string },
      ])
    },
    LIMIT,
  )

  test(
    'Ctrl-C ends the running tasks, and the episodes that are finished are the result',
    async () => {
      const run = startPrehend([
        'eval',
        '--policy',
        'expert',
        '--seed',
        '11',
        '--objects',
        OBJECTS,
        '--episodes',
        '40',
        '--json',
        '--ray',
        address,
      ])
      await run.said(/1\/40/)
      run.child.kill('SIGINT')
      const { status, stdout, stderr } = await run.end
      expect(status, stderr).toBe(1)
      const { episodes } = JSON.parse(stdout) as { episodes: number }
      expect(episodes).toBeGreaterThan(0)
      expect(episodes).toBeLessThan(40)
      expect(await cluster.ask('running')).toEqual({ running: [] })
    },
    LIMIT,
  )
})

test.each([
  [
    'a Python that is not there',
    { PREHEND_PYTHON: join(folder, 'python') },
    ['--ray', 'local'],
    /^prehend: --ray local: .*PREHEND_PYTHON\n$/,
  ],
  [
    'nobody at the address',
    {},
    ['--ray', '127.0.0.1:1'],
    /^prehend: --ray 127\.0\.0\.1:1: nothing answers there .*`ray start --head`, or give local\n$/,
  ],
  [
    '--jobs beside it',
    {},
    ['--ray', 'local', '--jobs', '2'],
    /^prehend: option '--ray <address>' cannot be used with option '--jobs <n>'\n$/,
  ],
])(
  '%s is bad use: one line, exit code 2, and no file',
  (_name, environment, args, line) => {
    const results = join(folder, 'none.jsonl')
    Object.assign(process.env, environment)
    try {
      const { status, stderr } = prehend([
        'eval',
        '--policy',
        'expert',
        '--episodes',
        '1',
        '--results',
        results,
        ...args,
      ])
      expect([status, stderr]).toEqual([2, expect.stringMatching(line) as string])
      expect([results, `${results}.part`].filter(existsSync)).toEqual([])
    } finally {
      process.env.PREHEND_PYTHON = PYTHON
    }
  },
  LIMIT,
)
