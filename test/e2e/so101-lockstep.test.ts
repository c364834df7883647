import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { prehend, prehendJson, temporaryFolder } from './prehend.js'

const folder = temporaryFolder()
const RUN = ['run', '--robot', 'so101', '--lockstep', '--episodes', '1', '--seed', '11', '--demonstrate']

describe('the SO-101 cell in lockstep', () => {
  const recording = join(folder, 'so101.mcap')
  let run: Record<string, unknown>

  beforeAll(() => {
    run = prehendJson([...RUN, '--record', recording])
  }, 120_000)

  test('is won by its expert, which is said to drive, and gives the same object again, recorded or not', () => {
    expect(run).toMatchObject({ successes: 1, policy: 'expert', serial: { crcErrors: 0, timeouts: 0 } })
    const again = prehend([...RUN, '--json'])
    expect(JSON.parse(again.stdout)).toEqual(run)
    expect(again.stderr).toContain('no model comes with prehend for the SO-101 cell: its scripted expert drives')
  }, 120_000)

  test('is recorded with all that is needed to learn from it, and replayed to the very observations', () => {
    const replay = prehendJson(['replay', recording, '--rate', 'max', '--no-policy'])
    expect([replay.observations, replay.sha256]).toEqual([run.observations, run.observationsSha256])
    const { topics } = prehendJson(['info', recording]) as { topics: Record<string, { count: number }> }
    const counts = Object.fromEntries(Object.entries(topics).map(([topic, { count }]) => [topic, count]))
    for (const camera of ['overhead', 'wrist'])
      for (const picture of ['image_raw', 'depth/image_raw'])
        expect(counts[`/${camera}/${picture}`], `${camera} ${picture}`).toBeGreaterThan(60)
    for (const topic of ['/joint_states', '/control/arm/command']) expect(counts[topic], topic).toBeGreaterThan(200)
    expect(counts).toMatchObject({
      '/policy/action_chunk': run.chunks,
      '/expert/action_chunk': run.observations,
      '/voice/events': run.voiceEvents,
      '/episode': 1,
      '/episode/result': 1,
    })
  })

  test('is evaluated to the same bytes twice', () => {
    const [first, second] = ['first', 'second'].map(name => {
      const results = join(folder, `${name}.jsonl`)
      prehendJson(['eval', '--robot', 'so101', '--episodes', '2', '--seed', '5', '--results', results])
      return readFileSync(results, 'utf8')
    })
    expect(first.trimEnd().split('\n').length).toBe(2)
    expect(second).toBe(first)
  }, 240_000)

  test.each([
    [['--say', 'pick the moon'], 'names none of the seen objects'],
    [['--source', 'gazebo'], 'the SO-101 cell runs with --source sim alone'],
    [['--port', '/dev/none'], 'actions.arm.port names a port of its own, and the cell brings one'],
  ])('refuses %j in one line', (words, line) => {
    const { status, stdout, stderr } = prehend(['run', '--robot', 'so101', ...words])
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toContain(line)
    expect(stderr.trimEnd().split('\n').length).toBe(1)
  })
})
