import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { commandJson } from './command.js'
import { root, temporaryFolder } from './prehend.js'

const folder = temporaryFolder()

test('a run whose wrench is compensated is replayed to the very observations that it had, at any rate', async () => {
  const robot = join(folder, 'cell.yaml')
  const text = readFileSync(join(root, 'robots/cell.yaml'), 'utf8')
  const compensate = 'compensate: { orientation: tool, mass: 1.1 kg, centre: [0 mm, 0 mm, 60 mm], mount: wrist }'
  writeFileSync(robot, text.replace('tare: 200 ms,', `tare: 200 ms, ${compensate},`))
  const recording = join(folder, 'run.mcap')
  const lockstep = ['run', '--lockstep', '--policy', 'expert', '--episodes', '1', '--seed', '3']
  const run = await commandJson([...lockstep, '--robot', robot, '--record', recording])
  expect(run.successes).toBe(1)
  expect(run.dropped).not.toHaveProperty('no_orientation')
  for (const rate of ['max', '20']) {
    const replay = await commandJson(['replay', recording, '--rate', rate, '--no-policy'])
    expect(replay.sha256).toBe(run.observationsSha256)
    expect(replay.dropped).toEqual(run.dropped)
  }
  const plain = await commandJson(['replay', recording, '--robot', 'cell', '--no-policy'])
  expect(plain.sha256).not.toBe(run.observationsSha256)
})
