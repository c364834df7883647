import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, test, vi } from 'vitest'
import { command, commandJson } from './command.js'
import { prehendJson, root, temporaryFolder } from './prehend.js'

const folder = temporaryFolder()
/** Several runs a test, each of some seconds on a machine that has nothing else to do. */
vi.setConfig({ testTimeout: 240_000 })
const EVAL = ['eval', '--policy', 'expert', '--seed', '11', '--count', '1']

/** The lines of a results file. */
const linesOf = (path: string): Record<string, unknown>[] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as Record<string, unknown>)

describe('a benchmark', () => {
  test('whose parent is gone before it listens ends in one line, with exit code 2', async () => {
    const worker = fork(join(root, 'dist/app/evaluation/share-worker.js'), {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    worker.disconnect()
    let said = ''
    worker.stderr?.on('data', (data: Buffer) => (said += data.toString()))
    const [[code]] = (await Promise.all([once(worker, 'exit'), worker.stderr && once(worker.stderr, 'end')])) as [
      [number | null],
      unknown,
    ]
    expect([code, said]).toEqual([2, 'prehend: share-worker: its parent ended before it said what to run\n'])
  })

  test('is the same in one process, in two, and one episode at a time', () => {
    const [one, two, last] = ['one.jsonl', 'two.jsonl', 'last.jsonl'].map(name => join(folder, name))
    const whole = prehendJson([...EVAL, '--episodes', '2', '--results', one])
    const split = prehendJson([...EVAL, '--episodes', '2', '--jobs', '2', '--results', two])
    prehendJson([...EVAL, '--first', '1', '--episodes', '1', '--results', last])
    expect(Object.keys(split)).toEqual(Object.keys(whole))
    const lines = linesOf(one)
    expect(readFileSync(two, 'utf8')).toBe(readFileSync(one, 'utf8'))
    expect(linesOf(last)).toEqual(lines.slice(1))
    expect(lines.map(({ index }) => index)).toEqual([0, 1])
    for (const line of lines)
      expect(Object.keys(line)).toEqual(
        expect.arrayContaining([
          'command',
          'correction',
          'target',
          'fragile',
          'success',
          'reason',
          'peakForce',
          'seconds',
        ]),
      )
    expect(lines.filter(({ success }) => success)).toHaveLength(whole.successes as number)
  })

  test("with a report has the same episodes, and the wrist camera's pictures of them in one file", async () => {
    const [plain, lines, report] = ['plain.jsonl', 'reported.jsonl', 'report.html'].map(name => join(folder, name))
    const args = [...EVAL, '--episodes', '1', '--without', 'rgb@3s']
    await commandJson([...args, '--results', plain])
    const result = await commandJson([...args, '--results', lines, '--report', report])
    expect(linesOf(lines)).toEqual(linesOf(plain))
    const text = readFileSync(report, 'utf8')
    for (const { command } of linesOf(lines)) expect(text).toContain(`“${String(command)}”`)
    expect(text).toContain(result.robotSha256 as string)
    const pictures = [...text.matchAll(/src="data:image\/webp;base64,([^"]+)"/g)].map(([, data]) =>
      Buffer.from(data, 'base64'),
    )
    expect(pictures).toHaveLength(8)
    for (const picture of pictures)
      expect(await sharp(picture).metadata()).toMatchObject({ format: 'webp', width: 128, height: 128 })
    // The pictures are not empty, and each differs from the others.
    const { channels } = await sharp(pictures[0]).stats()
    expect(Math.min(...channels.map(({ stdev }) => stdev))).toBeGreaterThan(5)
    expect(new Set(pictures.map(picture => picture.toString('base64'))).size).toBe(8)
    expect(text.length).toBeLessThan(500_000)
  })

  test('without voice is about the object that lies there: a stop that nobody could hear is not said', async () => {
    const stopped = ['eval', '--policy', 'expert', '--seed', '3', '--count', '1', '--first', '1', '--episodes', '1']
    expect(await commandJson(stopped)).toMatchObject({
      byObject: { '(stop)': { episodes: 1 } },
      stops: { episodes: 1, moved: 0 },
    })
    const deaf = await commandJson([...stopped, '--without', 'voice'])
    expect(deaf).toMatchObject({ successes: 1, stops: { episodes: 0 } })
    expect(deaf.byObject).not.toHaveProperty('(stop)')
  })

  test('with phrases of its own says them', async () => {
    const phrases = join(folder, 'phrases.yaml')
    const lines = join(folder, 'phrases.jsonl')
    writeFileSync(phrases, '- could you fetch the {name}\n')
    await commandJson([...EVAL, '--episodes', '1', '--phrases', phrases, '--results', lines])
    expect(linesOf(lines)[0].command).toMatch(/^could you fetch the \w+ \w+$/)
  })

  test('whose results cannot be written says so before the first episode, and leaves nothing', async () => {
    const { status, stderr } = await command([...EVAL, '--episodes', '1', '--results', folder])
    expect([status, stderr]).toEqual([2, expect.stringMatching(/^prehend: .*is a folder; name a file to write\n$/)])
    expect(existsSync(`${folder}.part`)).toBe(false)
    expect(readdirSync(folder).filter(name => name.endsWith('.part'))).toEqual([])
  })
})
