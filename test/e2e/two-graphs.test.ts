import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { prehend, prehendJson, root, temporaryFolder } from './prehend.js'

const folder = temporaryFolder()
const [head, encoder] = ['head.onnx', 'encoder.onnx'].map(name => join(folder, name))
const POLICY = ['--policy', head, '--encoder', encoder]
const RUN = ['run', ...POLICY, '--episodes', '1', '--seed', '3', '--at-most', '1200 ms']

interface Fast {
  readonly observations: number
  readonly sha256: string
  readonly unfed: number
  readonly asRecorded: number
  readonly encoderSkipped: number
}
interface Run {
  readonly observationsSha256: string
  readonly forceSamples: number
  readonly dropped: { readonly tare?: number }
  readonly chunks: number
  readonly policySkipped: number
  readonly fast: Fast
}
interface Replay {
  readonly sha256: string
  readonly fast: Fast
}

beforeAll(() => {
  const made = spawnSync(join(root, '.venv/bin/python'), ['policy/examples/two_graphs.py', head, encoder], {
    encoding: 'utf8',
    cwd: root,
  })
  expect(made.status, made.stderr).toBe(0)
})

const run = (recording: string, ...more: string[]): Run =>
  prehendJson([...RUN, ...more, '--record', recording]) as unknown as Run

/** Each replay has the observations of its run, and a chunk of each of its features. */
function replayed(recording: string, { observationsSha256, fast, chunks }: Run): string[] {
  const lines = `${recording}.jsonl`
  const args = ['replay', recording, ...POLICY, '--rate', 'max', '--observations', lines]
  // A busy machine records late samples, and the replay says so: exit code 1.
  const replay = prehendJson(args, [0, 1]) as unknown as Replay
  expect(replay.sha256).toBe(observationsSha256)
  expect(replay.fast.sha256).toBe(fast.sha256)
  expect(replay.fast.asRecorded).toBe(chunks)
  return readFileSync(lines, 'utf8').trimEnd().split('\n')
}

describe('an encoder and a head', () => {
  test('in lockstep: a chunk at each tick of the head, the same in a replay', () => {
    const recording = join(folder, 'lockstep.mcap')
    const result = run(recording, '--lockstep')
    // A tick for ten wrenches, from the tare on.
    const { fast, forceSamples, dropped } = result
    expect(Math.abs(fast.observations - (forceSamples - (dropped.tare ?? 0)) / 10)).toBeLessThan(3)
    expect(result.chunks).toBe(result.fast.observations)
    expect([result.policySkipped, result.fast.unfed, result.fast.encoderSkipped]).toEqual([0, 0, 0])
    const lines = replayed(recording, result)
    expect(lines.filter(line => line.includes('"after":'))).toHaveLength(result.fast.observations)
  })

  test('in real time: each tick of the head is answered or counted, and a replay gives the same', () => {
    const recording = join(folder, 'real.mcap')
    const result = run(recording)
    const { chunks, policySkipped, fast } = result
    // The last answer may come after the end.
    expect(fast.observations - chunks - policySkipped - fast.unfed).toBeLessThan(2)
    expect(fast.observations).toBeGreaterThan(20)
    replayed(recording, result)
  })

  test('a head alone, an encoder alone and an encoder beside the expert are refused in one line', () => {
    const refused = (...args: string[]): string => {
      const { status, stdout, stderr } = prehend(['run', '--lockstep', ...args])
      expect([status, stdout]).toEqual([2, ''])
      expect(stderr.trimEnd()).not.toContain('\n')
      return stderr
    }
    expect(refused('--policy', head)).toContain('is a head, which takes colour of an encoder (sha256 ')
    expect(refused('--policy', encoder)).toContain('is an encoder, which gives features and no action chunk')
    expect(refused('--policy', 'expert', '--encoder', encoder)).toContain('--policy expert takes no features')
    expect(refused('--encoder', encoder)).toContain('takes no features, so it has no encoder')
  })
})
