import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { replayBag } from '../../app/replay/replay-bag.js'
import { robotForBag } from '../../app/robot/robot-for-bag.js'
import { TopicSpacing } from '../../app/inspection/topic-spacing.js'
import { parseRobot } from '../../robots/robot-file.js'
import { Epoch } from '../../fusion/stamp.js'
import { openBag } from '../../middleware/bag/bag.js'
import { BagWriter } from '../../middleware/bag/bag-writer.js'
import { Chance, mutated, mutatedText, summaryMutants } from './bag-fuzz.js'
import { python, temporaryFolder } from './python-script.js'

/** PREHEND_FUZZ=10000 for an afternoon; a seed that failed is tried again with PREHEND_FUZZ_FROM. */
const RUNS = Number(process.env.PREHEND_FUZZ ?? 150)
const FROM = Number(process.env.PREHEND_FUZZ_FROM ?? 1)
/** ms that a bag of some hundred kilobytes may take. */
const PATIENCE = 5000

const folder = temporaryFolder()
const at = (name: string): string => join(folder.path, name)

const ROBOT = `robot: fuzz
tick: { from: rgb }
streams:
  rgb: { topic: /rgb, type: sensor_msgs/msg/Image, align: nearest }
  wrench: { topic: /wrench, type: geometry_msgs/msg/WrenchStamped, align: { window: 33 ms, pyramid: [8 ms] } }
  tool: { topic: /pose, type: geometry_msgs/msg/PoseStamped, align: interpolate }
`

/** A recording as prehend makes it, with the robot file in a metadata record. */
async function rewrite(from: string, to: string): Promise<void> {
  const bag = await openBag(from)
  const writer = new BagWriter(to, { epochSec: bag.epochSec, metadata: { robot: ROBOT, sha256: '0'.repeat(64) } })
  for await (const batch of bag.batches()) for (const message of batch) writer.writeRaw(message)
  await writer.close()
  await bag.close()
}

beforeAll(async () => {
  python('write_bags.py', folder.path)
  await rewrite(at('none.mcap'), at('ours.mcap'))
  mkdirSync(at('folder'))
  writeFileSync(at('folder/one.db3'), readFileSync(at('one.db3')))
})
afterAll(() => folder.remove())

/** What `info` and `replay` do with a bag: messages, or an error of one line that carries exit code 2. */
async function use(path: string): Promise<number> {
  let messages = 0
  try {
    const bag = await openBag(path)
    try {
      const spacings = new Map<string, TopicSpacing>()
      for await (const batch of bag.batches()) {
        for (const message of batch) {
          messages++
          const spacing = spacings.get(message.topic) ?? new TopicSpacing(message.type)
          spacings.set(message.topic, spacing)
          spacing.add(message)
        }
      }
      for (const spacing of spacings.values()) spacing.summary()
      new Epoch(bag.epochSec).format(bag.start)
      const { robot } = robotForBag(bag, {})
      await replayBag({ bag, robot, rate: 'max', signal: new AbortController().signal, onObservation: () => undefined })
    } finally {
      await bag.close()
    }
  } catch (error) {
    expect(error).toMatchObject({ exit: 2 })
    expect((error as Error).message).not.toContain('\n')
  }
  return messages
}

describe('a mutated recording is read up to its damage, or refused in one line, in bounded time', () => {
  it.each([
    ['none.mcap', 'mcap'],
    ['lz4.mcap', 'mcap'],
    ['zstd.mcap', 'mcap'],
    ['one_chunk.mcap', 'mcap'],
    ['no_chunks.mcap', 'mcap'],
    ['no_statistics.mcap', 'mcap'],
    ['ours.mcap', 'mcap'],
    ['one.db3', 'sqlite3'],
  ] as const)('%s', { timeout: 600_000 }, async (name, storage) => {
    const whole = readFileSync(at(name))
    for (let seed = FROM; seed < FROM + RUNS; seed++) {
      writeFileSync(at('fuzz'), mutated(whole, storage, new Chance(seed)))
      const started = performance.now()
      let messages = 0
      try {
        messages = await use(at('fuzz'))
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error })
      }
      expect([seed, performance.now() - started < PATIENCE, messages < 20_000]).toEqual([seed, true, true])
    }
  })
})

it('a summary in which any number is another is read, or the file is walked, or it is refused in one line', {
  timeout: 600_000,
}, async () => {
  const bag = await openBag(at('none.mcap'))
  const writer = new BagWriter(at('short.mcap'), { epochSec: bag.epochSec, metadata: { robot: ROBOT } })
  for await (const batch of bag.batches())
    for (const message of batch.filter(({ topic }) => topic === '/pose')) writer.writeRaw(message)
  await writer.close()
  await bag.close()
  let tried = 0
  for (const mutant of summaryMutants(readFileSync(at('short.mcap')))) {
    tried++
    writeFileSync(at('fuzz'), mutant)
    try {
      expect(await use(at('fuzz'))).toBeLessThanOrEqual(6)
    } catch (error) {
      throw new Error(`mutant ${tried}`, { cause: error })
    }
  }
  expect(tried).toBeGreaterThan(300)
})

describe('a mutated text is understood, or refused in one line', () => {
  it('metadata.yaml', { timeout: 600_000 }, async () => {
    const whole = readFileSync(at('dir_db3/metadata.yaml'), 'utf8')
    for (let seed = FROM; seed < FROM + RUNS; seed++) {
      writeFileSync(at('folder/metadata.yaml'), mutatedText(whole, new Chance(seed)))
      try {
        await (await openBag(at('folder'))).close()
      } catch (error) {
        expect([seed, error]).toMatchObject([seed, { exit: 2 }])
        expect([seed, (error as Error).message]).not.toContain('\n')
      }
    }
  })

  it('robot files', { timeout: 600_000 }, () => {
    const whole = readFileSync(fileURLToPath(new URL('../../robots/cell.yaml', import.meta.url)), 'utf8')
    for (let seed = FROM; seed < FROM + RUNS; seed++) {
      try {
        parseRobot(mutatedText(whole, new Chance(seed)), 'fuzz.yaml')
      } catch (error) {
        expect([seed, error]).toMatchObject([seed, { exit: 2 }])
        expect((error as Error).message).not.toContain('\n')
      }
    }
  })
})
