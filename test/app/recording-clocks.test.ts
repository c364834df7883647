import { join } from 'node:path'
import Database from 'libsql'
import { afterAll, describe, expect, it } from 'vitest'
import { checkBag } from '../../app/inspection/bag-check.js'
import { replayBag, stampClock, type StampClock } from '../../app/replay/replay-bag.js'
import { StreamFates } from '../../app/inspection/stream-fates.js'
import type { Counters } from '../../fusion/counters.js'
import type { Observation, WindowValue } from '../../fusion/observation.js'
import { parseRobot } from '../../robots/robot-file.js'
import { Epoch } from '../../fusion/stamp.js'
import { openBag } from '../../middleware/bag/bag.js'
import { BagWriter } from '../../middleware/bag/bag-writer.js'
import { encode } from '../../middleware/cdr/codecs.js'
import type { MessageTypes, TypeName } from '../../middleware/messages.js'
import { temporaryFolder } from '../middleware/python-script.js'

const IMAGE = 'sensor_msgs/msg/Image'
const WRENCH = 'geometry_msgs/msg/WrenchStamped'
const STRING = 'std_msgs/msg/String'
const SECOND = 1_000_000_000n
const MS = 1_000_000n
/** The true time of the first picture. */
const START = 1_700_000_000n * SECOND + 123_456_789n

const folder = temporaryFolder()
afterAll(() => folder.remove())

interface Row {
  readonly topic: string
  readonly type: TypeName
  readonly receive: bigint
  readonly data: Uint8Array
}

/** A message whose header says `stamp`, absolute ns. */
function row<T extends TypeName>(
  topic: string,
  type: T,
  receive: bigint,
  stamp: bigint,
  rest: Omit<MessageTypes[T], 'stamp' | 'frameId'>,
): Row {
  const far = { sec: Number(stamp / SECOND), nanosec: Number(stamp % SECOND) }
  return {
    topic,
    type,
    receive,
    data: encode(type, { stamp: NaN, far, frameId: topic, ...rest } as unknown as MessageTypes[T], 0),
  }
}

/** 60 pictures at 30 Hz and 2000 wrenches at 1 kHz, with stamps of clocks that are wrong by the given times. */
function recording({ camera = 0n, wrist = 0n }: { camera?: bigint; wrist?: bigint } = {}): Row[] {
  const picture = { height: 1, width: 1, encoding: 'rgb8', isBigendian: false, step: 3, data: new Uint8Array(3) }
  return [
    ...Array.from({ length: 60 }, (_, i) => START + BigInt(i) * 33_333_333n).map(at =>
      row('/rgb', IMAGE, at + 5n * MS, at + camera, picture),
    ),
    ...Array.from({ length: 2000 }, (_, i) => START + BigInt(i) * MS).map(at =>
      row('/ft', WRENCH, at + 400_000n, at + wrist, { wrench: Float64Array.of(1, 2, 3, 0, 0, 0) }),
    ),
  ].sort((a, b) => Number(a.receive - b.receive))
}

let written = 0

async function write(rows: readonly Row[]): Promise<string> {
  const path = join(folder.path, `${written++}.mcap`)
  const writer = new BagWriter(path, { epochSec: 0 })
  for (const { receive, ...rest } of rows) writer.writeRaw({ ...rest, receive: -Infinity, written: receive })
  await writer.close()
  return path
}

function writeDatabase(rows: readonly Row[]): string {
  const path = join(folder.path, `${written++}.db3`)
  const database = new Database(path)
  database.exec(
    'CREATE TABLE topics(id INTEGER PRIMARY KEY, name TEXT, type TEXT, serialization_format TEXT, ' +
      'offered_qos_profiles TEXT); ' +
      'CREATE TABLE messages(id INTEGER PRIMARY KEY, topic_id INTEGER, timestamp INTEGER, data BLOB)',
  )
  const topics = [...new Map(rows.map(({ topic, type }) => [topic, type]))]
  topics.forEach(([topic, type], i) =>
    database.prepare('INSERT INTO topics VALUES (?, ?, ?, ?, ?)').run(i, topic, type, 'cdr', ''),
  )
  const insert = database.prepare('INSERT INTO messages(topic_id, timestamp, data) VALUES (?, ?, ?)')
  database.transaction(() => {
    for (const { topic, receive, data } of rows)
      insert.run(
        topics.findIndex(([name]) => name === topic),
        receive,
        Buffer.from(data),
      )
  })()
  database.close()
  return path
}

const robotOf = (rgb = '', wrench = '', more = ''): ReturnType<typeof parseRobot> =>
  parseRobot(
    `robot: bench
tick: { from: rgb }
streams:
  rgb: { topic: /rgb, type: ${IMAGE}${rgb} }
  wrench: { topic: /ft, type: ${WRENCH}${wrench} }
${more}`,
    'bench.yaml',
  )

interface Result {
  readonly observations: Observation[]
  readonly counters: Counters
  readonly clock: StampClock
  readonly lost: string[]
  readonly found: string[]
  readonly lacking: string[]
}

async function replayed(path: string, robot = robotOf()): Promise<Result> {
  const bag = await openBag(path)
  try {
    const observations: Observation[] = []
    const clock = await stampClock(bag, robot)
    const fates = new StreamFates(robot, clock)
    const counters = await replayBag({
      bag,
      robot,
      clock,
      rate: 'max',
      onObservation: observation => void observations.push(observation),
      onSample: (...sample) => fates.take(...sample),
    })
    const checked = await checkBag(bag, robot)
    expect(checked.observations).toBe(counters.observations)
    return {
      observations,
      counters,
      clock,
      lost: fates.lost(counters).map(({ text }) => text),
      found: checked.findings.filter(({ kind }) => kind === 'lost').map(({ text }) => text),
      lacking: checked.findings.filter(({ lacking }) => lacking).map(({ kind }) => kind),
    }
  } finally {
    await bag.close()
  }
}

/** The ticks as absolute ns. */
const ticks = ({ observations, clock }: Result): bigint[] =>
  observations.map(({ stamp }) => new Epoch(clock.epochSec).nanoseconds(stamp))
const expected = (offset = 0n): bigint[] =>
  Array.from({ length: 60 }, (_, i) => START + BigInt(i) * 33_333_333n + offset)
const forces = ({ observations }: Result): number => observations.filter(({ mask }) => mask.force === 1).length
const meanOf = (observation: Observation | undefined): number[] => [
  ...(observation?.values.get('wrench') as WindowValue).mean.subarray(0, 3),
]

describe('header stamps may be of any clock', () => {
  const YEAR = 365n * 86_400n * SECOND
  it.each([
    ['a simulator that began at 12.5 s', 12n * SECOND + 500_000_000n - START],
    ['an hour and a half behind', -5400n * SECOND],
    ['ten minutes behind', -600n * SECOND],
    ['two seconds ahead', 2n * SECOND],
    ['thirty days ahead', 30n * 86_400n * SECOND],
    ['a year behind', -YEAR],
    ['ten years ahead', 10n * YEAR],
  ])('of all streams alike: %s', async (_, offset) => {
    const result = await replayed(await write(recording({ camera: offset, wrist: offset })))
    expect(ticks(result)).toEqual(expected(offset))
    expect(forces(result)).toBeGreaterThanOrEqual(59)
    expect(meanOf(result.observations.at(-1))).toEqual([1, 2, 3])
    expect([result.lost, result.lacking]).toEqual([[], []])
  })

  const wrong = [
    ['counts from power-on', 37n * SECOND - START],
    ['a year behind', -YEAR],
    ['ten minutes behind', -600n * SECOND],
    ['an hour behind', -3600n * SECOND],
  ] as const
  it.each(
    wrong.flatMap(([what, wrist]) =>
      [', clock: estimate', ', timeline: receive'].map(say => [what, wrist, say] as const),
    ),
  )('of a wrist sensor whose clock %s (%s): force with%s', async (_, wrist, say) => {
    const result = await replayed(await write(recording({ wrist })), robotOf('', say))
    expect(ticks(result)).toEqual(expected())
    expect(forces(result)).toBeGreaterThanOrEqual(59)
    expect(meanOf(result.observations.at(-1))).toEqual([1, 2, 3])
    expect([result.lost, result.lacking]).toEqual([[], []])
  })

  it.each(wrong.slice(0, 3))(
    'of a wrist sensor whose clock %s: without a word on it replay and check say the same, and what to do',
    async (_, wrist) => {
      const result = await replayed(await write(recording({ wrist })))
      expect(forces(result)).toBe(0)
      expect(result.lost).toHaveLength(1)
      expect(result.lost[0]).toMatch(/^\/ft: .*say clock: estimate, or timeline: receive/)
      expect(result.found).toEqual(result.lost)
    },
  )

  it(
    'a recording that hardly outlasts the tare: its wrench is in no observation, and the messages ' +
      'that the tare took are said',
    async () => {
      const begin = START + BigInt(30) * MS
      const rows = recording().filter(
        ({ topic, receive }) => receive < START + 233n * MS && (topic !== '/ft' || receive >= begin),
      )
      const result = await replayed(await write(rows), robotOf('', ', tare: 200 ms'))
      expect(forces(result)).toBe(0)
      expect(result.lost).toEqual([
        expect.stringMatching(/^\/ft: it is in none of the \d observations \(of its 203 messages 20\d tare dropped\)$/),
      ])
      expect(result.found).toEqual(result.lost)
    },
  )

  it('a stamp of zero alone is none: check and replay say so, and the receive time line needs no stamp', async () => {
    const rows = recording().map(entry =>
      entry.topic === '/ft'
        ? row('/ft', WRENCH, entry.receive, 0n, { wrench: Float64Array.of(1, 2, 3, 0, 0, 0) })
        : entry,
    )
    const path = await write(rows)
    const result = await replayed(path)
    expect(result.lost).toEqual([
      '/ft: none of its 2000 messages could be used (zero_stamp 2000): the source writes no stamps: say ' +
        'timeline: receive',
    ])
    expect([result.found, result.lacking]).toEqual([result.lost, ['unstamped', 'lost']])
    expect(forces(await replayed(path, robotOf('', ', timeline: receive')))).toBeGreaterThanOrEqual(59)
  })

  it(
    "what is on the recorder's clock cannot be aligned with stamps of another: counted and said, in " +
      'replay and in check',
    async () => {
      const sim = 12n * SECOND - START
      const said: Row = {
        topic: '/words',
        type: STRING,
        receive: START + 100n * MS,
        data: encode(STRING, { data: 'pick it' }, 0),
      }
      const result = await replayed(
        await write([...recording({ camera: sim, wrist: sim }), said]),
        robotOf('', ', clock: estimate', `  words: { topic: /words, type: ${STRING} }`),
      )
      expect(ticks(result)).toEqual(expected(sim))
      expect(result.counters.dropped.other_clock).toBe(2001)
      expect(
        result.lost.map(text => /^(\S+): .*of a clock about (\d+) s behind the recording's/.exec(text)?.slice(1)),
      ).toEqual(
        [
          ['/ft', '1700000123'],
          ['/words', '1700000123'],
        ].map(([topic]) => [topic, String(1_699_999_987)]),
      )
      expect(result.found).toEqual(result.lost)
    },
  )
})

describe("a message that was logged when the recorder's clock was wrong", () => {
  const odd = (receive: bigint): Row => ({
    topic: '/robot_description',
    type: STRING,
    receive,
    data: encode(STRING, { data: '<robot/>' }, 0),
  })
  it.each([
    ['at time 0', 0n],
    ['ten years before', START - 3650n * 86_400n * SECOND],
    ['sixty days before', START - 60n * 86_400n * SECOND],
    ['102 days after', START + 102n * 86_400n * SECOND],
    ['in the year 2262', 2n ** 63n - 1n],
  ])('%s moves no stamp, in .mcap and in .db3', async (_, receive) => {
    const rows = [...recording(), odd(receive)]
    for (const path of [await write(rows), writeDatabase(rows)]) {
      const result = await replayed(path)
      expect(ticks(result)).toEqual(expected())
      expect([forces(result), result.counters.dropped.log_time]).toEqual([60, 0])
      const bag = await openBag(path)
      expect([new Epoch(bag.epochSec).nanoseconds(bag.start), bag.durationNs / 1e9, bag.messageCount]).toEqual([
        START + 400_000n,
        expect.closeTo(1.999, 3),
        2061,
      ])
      await bag.close()
    }
  })

  it('before 1970, as a .db3 can say, moves none either', async () => {
    expect(ticks(await replayed(writeDatabase([...recording(), odd(-5n * SECOND)])))).toEqual(expected())
  })

  it.each([60n, 102n])('%d days from the others: is counted where it would be used', async days => {
    const rows = recording()
    const result = await replayed(
      await write([{ ...rows[0], receive: rows[0].receive - days * 86_400n * SECOND }, ...rows.slice(1)]),
    )
    expect(result.counters.dropped.log_time).toBe(1)
  })

  it.each([1n, 24n, 30n])(
    '%d days from the others, is not waited for by a replay in real time, which waits through the rest',
    { timeout: 20_000 },
    async days => {
      const bag = await openBag(await write([odd(START - days * 86_400n * SECOND), ...recording()]))
      const began = performance.now()
      let observations = 0
      await replayBag({
        bag,
        robot: robotOf(),
        rate: 2,
        onObservation: () => void observations++,
        signal: AbortSignal.timeout(10_000),
      })
      await bag.close()
      expect(observations).toBe(60)
      expect(performance.now() - began).toBeGreaterThan(990)
    },
  )

  it('is counted where it is one that would be used, and goes into a copy with the time that it has', async () => {
    const rows = recording()
    const result = await replayed(await write([{ ...rows[0], receive: 7n }, ...rows.slice(1)]))
    expect(result.counters.dropped.log_time).toBe(1)
    const bag = await openBag(await write([odd(7n), ...rows]))
    const path = join(folder.path, 'copy.mcap')
    const writer = new BagWriter(path, { epochSec: bag.epochSec })
    const times: (bigint | undefined)[] = []
    for await (const batch of bag.batches()) for (const message of batch) writer.writeRaw(message)
    await writer.close()
    await bag.close()
    const copy = await openBag(path)
    for await (const batch of copy.batches())
      times.push(...batch.filter(({ topic }) => topic === '/robot_description').map(({ written: time }) => time))
    await copy.close()
    expect(times).toEqual([7n])
  })
})
