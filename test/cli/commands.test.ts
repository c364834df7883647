import { existsSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { BagWriter } from '../../middleware/bag/bag-writer.js'
import { decode, encode } from '../../middleware/cdr/codecs.js'
import { openBag } from '../../middleware/bag/bag.js'
import { command, commandJson } from '../e2e/command.js'
import { prehend, python, temporaryFolder } from '../e2e/prehend.js'
import { gantryCell } from '../../app/session/cells/gantry-cell.js'
import { notUnderstood } from '../../app/session/typed-command.js'
import { onnxBytes, tinyModel } from '../policy/onnx-models.js'

const folder = temporaryFolder()

/** The names under "Commands:" of a help text. */
function commandsIn(help: string): string[] {
  return [...help.slice(help.indexOf('Commands:')).matchAll(/^ {2}([a-z]+)\b/gm)]
    .map(([, name]) => name)
    .filter(name => name !== 'help')
}

describe('--help', () => {
  const top = prehend(['--help'])

  test('lists the commands of the design, without a word on stderr', () => {
    expect(top.status).toBe(0)
    expect(top.stderr).toBe('')
    expect(commandsIn(top.stdout)).toEqual(
      expect.arrayContaining(['run', 'replay', 'info', 'check', 'policy', 'export', 'eval', 'doctor']),
    )
  })

  test.each(commandsIn(top.stdout))('of %s says what it does and what it takes', async name => {
    const { status, stdout, stderr } = await command([name, '--help'])
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(new RegExp(`^Usage: prehend ${name}`))
    expect(stdout.split('\n\n')[1]?.trim()).not.toBe('')
    if (name !== 'policy') expect(stdout).toContain('--json')
  })

  test('of policy info, and --version', async () => {
    expect((await command(['policy', 'info', '--help'])).status).toBe(0)
    expect((await command(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})

describe('--json prints one line on stdout and nothing else', () => {
  const model = join(folder, 'tiny.onnx')
  const made = join(folder, 'made')
  const recording = join(folder, 'demonstration.mcap')
  let run: Record<string, unknown>

  beforeAll(async () => {
    writeFileSync(model, onnxBytes(tinyModel()))
    python('make_bag.py', made)
    run = await commandJson([
      'run',
      '--lockstep',
      '--policy',
      'expert',
      '--demonstrate',
      '--episodes',
      '1',
      '--seed',
      '12',
      '--record',
      recording,
    ])
  })

  test('run, with the fields that checks rely on', () => {
    for (const field of [
      'episodes',
      'successes',
      'rgbFrames',
      'depthFrames',
      'forceSamples',
      'voiceEvents',
      'observations',
    ])
      expect(run[field], field).toBeTypeOf('number')
    expect(Object.keys(run.latencyMs as object)).toEqual(['p50', 'p99', 'max'])
    expect(run.serial).toMatchObject({ crcErrors: 0 })
  })

  test('run --at-most ends each episode after its time', async () => {
    const { episodes, successes, failures, observations, simulatedS } = await commandJson([
      'run',
      '--lockstep',
      '--policy',
      'expert',
      '--demonstrate',
      '--episodes',
      '3',
      '--seed',
      '11',
      '--at-most',
      '200 ms',
    ])
    expect({ episodes, successes, failures }).toEqual({ episodes: 3, successes: 0, failures: { timeout: 3 } })
    // RGB-D at 30 Hz.
    expect(observations).toBeGreaterThanOrEqual(15)
    expect(observations).toBeLessThanOrEqual(24)
    expect(simulatedS).toBeGreaterThan(0.6)
    const refused = await command(['run', '--source', 'ros2', '--at-most', '1 s'])
    expect([refused.status, refused.stderr]).toEqual([
      2,
      expect.stringMatching(/^prehend: --source ros2: the cell says when an episode ends/),
    ])
  })

  test('replay with a policy: an inference an observation, and its chunks in the copy', async () => {
    const copy = join(folder, 'copy.mcap')
    const replay = await commandJson(['replay', recording, '--rate', 'max', '--policy', model, '--out', copy])
    expect(replay).toMatchObject({
      policy: 'tiny',
      observations: run.observations,
      sha256: run.observationsSha256,
      dropped: run.dropped,
    })
    const plain = await commandJson(['replay', recording, '--rate', 'max', '--no-policy'])
    expect(plain.sha256).toBe(replay.sha256)
    // The copy has the new policy's chunks instead of the recorded ones, and names that policy.
    const info = (await commandJson(['info', copy])) as {
      topics: Record<string, { count: number }>
      metadata: Record<string, string>
    }
    const before = (await commandJson(['info', recording])) as typeof info
    expect(info.topics['/policy/action_chunk'].count).toBe(replay.observations)
    expect(replay.replacedChunks).toBe(before.topics['/policy/action_chunk'].count)
    expect([before.metadata.policy, info.metadata.policy]).toEqual(['expert', 'tiny'])
  })

  test("info and replay agree on every topic's count and rate", async () => {
    const { topics } = (await commandJson(['replay', recording, '--rate', 'max', '--no-policy'])) as {
      topics: Record<string, object>
    }
    const info = (await commandJson(['info', recording])) as {
      topics: Record<string, { type: string; count: number; rateHz: number }>
    }
    expect(topics).toEqual(
      Object.fromEntries(
        Object.entries(info.topics).map(([name, { type, count, rateHz }]) => [name, { type, count, rateHz }]),
      ),
    )
    expect(info.topics['/wrist/wrench'].rateHz).toBeCloseTo(1000, 0)
  })

  test('export: a set has the answers of one source', async () => {
    const [mixed, unlabelled] = [join(folder, 'mixed.mcap'), join(folder, 'unlabelled.mcap')]
    const bag = await openBag(recording)
    for (const [path, again] of [
      [mixed, true],
      [unlabelled, false],
    ] as const) {
      const writer = new BagWriter(path, { epochSec: bag.epochSec, metadata: bag.metadata })
      for await (const batch of bag.batches()) {
        for (const message of batch) {
          if (message.topic.startsWith('/expert/')) continue
          writer.writeRaw(message)
          // A second chunk with the same stamp and another success.
          if (again && message.topic === '/policy/action_chunk') {
            const type = 'prehend_interfaces/msg/ActionChunk'
            const chunk = decode(type, message.data, bag.epochSec)
            const data = encode(type, { ...chunk, graspSuccess: 0.5 }, bag.epochSec)
            writer.writeRaw({ ...message, data })
          }
        }
      }
      await writer.close()
    }
    await bag.close()
    const refusal = async (...bags: string[]): Promise<string> => {
      const { status, stderr } = await command([
        'export',
        ...bags,
        '--format',
        'lerobot',
        '--pictures',
        'png',
        '--out',
        join(folder, 'no-set'),
      ])
      expect([status, existsSync(join(folder, 'no-set')), existsSync(join(folder, 'no-set.part'))]).toEqual([
        2,
        false,
        false,
      ])
      return stderr.trimEnd().split('\n').at(-1) ?? ''
    }
    expect(await refusal(mixed)).toMatch(/mixed\.mcap: \/policy\/action_chunk has different answers to one observation/)
    expect(await refusal(recording, unlabelled)).toMatch(
      /unlabelled\.mcap: its answers are of the policy expert, those of .*demonstration\.mcap of the expert/,
    )
  })

  test('export: a row for each observation that the expert has answered', async () => {
    const { recordings, episodes, observations } = await commandJson([
      'export',
      recording,
      '--out',
      join(folder, 'set'),
    ])
    expect([recordings, episodes]).toEqual([1, 1])
    expect(observations).toBeGreaterThan(0.8 * (run.observations as number))
    expect(observations).toBeLessThanOrEqual(run.observations as number)
  })

  test('export: while the hand is empty, rows also have the answer to a command for another object on the table', async () => {
    const set = join(folder, 'others')
    await commandJson(['export', recording, '--out', set])
    const other = JSON.parse(python('read_instead.py', join(set, 'demonstration'))) as {
      rows: number
      with: number
      far: number
      ahead: number
      held: number
      without: number[]
      places: Record<string, [number, number, number][]>
      same: number
    }
    expect(other.with).toBeGreaterThan(20)
    expect(other.with).toBeLessThan(other.rows)
    expect(other.held).toBe(0)
    expect(other.without).toEqual([0, 0, 0])
    expect(other.far).toBeGreaterThan(20)
    expect(other.ahead).toBe(1)
    const names = Object.keys(other.places)
    expect(names.length).toBeGreaterThan(1)
    expect(other.same).toBe(0)
    // The place of an object does not depend on the tool's pose: grasps of one object are less than 4 cm apart, objects
    // more than 5 cm.
    const middle = (places: [number, number, number][]): [number, number] =>
      [0, 1].map(axis => places.map(at => at[axis]).sort((a, b) => a - b)[places.length >> 1]) as [number, number]
    const apart = ([x, y]: readonly number[], [u, v]: readonly number[]): number => Math.hypot(x - u, y - v)
    for (const name of names) {
      for (const at of other.places[name]) expect(apart(at, middle(other.places[name])), name).toBeLessThan(0.04)
      for (const second of names)
        if (second !== name)
          expect(apart(middle(other.places[name]), middle(other.places[second]))).toBeGreaterThan(0.05)
    }
  })

  test(
    'export: half of the commands that were not given, and the drawn ones of the rest, name a thing ' +
      'that shares a word with the one meant',
    async () => {
      const [objects, bag, set] = ['things.yaml', 'things.mcap', 'things'].map(name => join(folder, name))
      const block = (name: string): string =>
        `- { name: ${name}, colour: ${name.split(' ')[0]}, mass: [0.2, 0.3], friction: [0.6, 0.8], crush: ` +
        '[90, 120], parts: [{ shape: box, size: [0.02, 0.02, 0.02] }] }'
      writeFileSync(objects, ['red block', 'red ball', 'green can', 'blue tube', 'white pill'].map(block).join('\n'))
      await commandJson([
        'run',
        '--lockstep',
        '--policy',
        'expert',
        '--demonstrate',
        '--episodes',
        '1',
        '--count',
        '5',
        '--objects',
        objects,
        '--say',
        'take the red block',
        '--seed',
        '3',
        '--record',
        bag,
      ])
      await commandJson(['export', bag, '--out', set])
      const other = JSON.parse(python('read_instead.py', join(set, 'things'))) as { with: number; confusable: number }
      // One of four: 1/2 + 1/2 * 1/4.
      expect(other.with).toBeGreaterThan(40)
      expect(Math.abs(other.confusable / other.with - 0.625)).toBeLessThan(3 * Math.sqrt((0.625 * 0.375) / other.with))
    },
  )

  test('eval', async () => {
    const result = await commandJson(['eval', '--policy', 'expert', '--episodes', '1', '--seed', '12'])
    expect(result).toMatchObject({
      episodes: 1,
      successes: run.successes,
      model: 'expert',
      precision: 'fp32',
      wilson95: [expect.any(Number), expect.any(Number)],
    })
    for (const field of ['byObject', 'failures']) expect(result[field], field).toBeTypeOf('object')
    expect(result.meanInferenceMs).toBeTypeOf('number')
  })

  test('info, check, policy info and doctor', async () => {
    await commandJson(['info', made])
    await commandJson(['check', 'cell'])
    expect((await commandJson(['check', 'cell', made], [1])).fits).toBe(false)
    await commandJson(['check', 'cell', recording], [0, 1])
    expect(await commandJson(['policy', 'info', model])).toMatchObject({ name: 'tiny', contract: 1 })
    await commandJson(['doctor'], [0, 1])
  })

  test("doctor looks at a gripper's port, and says where its link leads", async () => {
    const link = join(folder, 'gripper')
    symlinkSync('/dev/pts/987654', link)
    const { findings } = (await commandJson(['doctor', '--port', link], [1])) as {
      findings: { name: string; state: string; found: string }[]
    }
    expect(findings.find(({ name }) => name === 'gripper port')).toMatchObject({
      state: 'wrong',
      found: expect.stringContaining('leads to /dev/pts/987654, which does not exist'),
    })
  })
})

test('a typed line that was not understood is shown as such', () => {
  for (const line of [
    'stop',
    'can you stop moving',
    '停',
    'resume',
    'weiter',
    'no, the green one',
    'gently',
    'take the red cylinder',
    ' ',
    '',
  ])
    expect(notUnderstood(line, 'seen', gantryCell, ['en', 'zh', 'de']), line).toBeUndefined()
  for (const line of ['st op', 'pull the lever', 'do not stop', 'nach links'])
    expect(notUnderstood(line, 'seen', gantryCell, ['en', 'zh', 'de']), line).toMatch(
      /^not understood: ".*" names no object, no colour and no manner/,
    )
  expect(notUnderstood('停', 'seen', gantryCell, ['en'])).toMatch(/not understood/)
})
