import { describe, expect, test } from 'vitest'
import { StreamHealth } from '../../ros2/stream-health.js'
import type { Ros2Bus, TopicHealth } from '../../middleware/ros2/ros2-bus.js'

const TOPIC = '/camera/color/image_raw'

describe('a stream, once a second', () => {
  /** A stream with the given numbers of messages received, taken and dropped, up to each second. */
  function make(steady = true) {
    const topic: TopicHealth = { asked: TOPIC, topic: TOPIC, type: 'sensor_msgs/msg/Image', received: 0, malformed: 0 }
    const said: string[] = []
    const log = {
      debug: () => undefined,
      info: (text: string) => said.push(text),
      warn: (text: string) => said.push(text),
      error: (text: string) => said.push(text),
    }
    const clock = { now: () => 5_000_000_000 } as Ros2Bus['clock']
    const health = new StreamHealth({ bus: { clock, health: () => [topic] }, log, topic: TOPIC, steady })
    const sums = { taken: 0, dropped: {} as Record<string, number> }
    /** One second with the given numbers of messages taken and dropped. */
    const second = (taken: number, dropped: Record<string, number> = {}, listening = true) => {
      sums.taken += taken
      topic.received += taken
      for (const [reason, count] of Object.entries(dropped)) {
        topic.received += count
        if (reason === 'bad_message') topic.malformed += count
        else sums.dropped[reason] = (sums.dropped[reason] ?? 0) + count
      }
      return health.status({ ...sums, listening, fine: 'ok', values: {} })
    }
    return { said, second, topic }
  }

  test(
    'all of whose messages are dropped is not silent: its status names the reason, the log too, once ' +
      'while it lasts',
    () => {
      const { said, second } = make()
      expect(second(30)).toMatchObject({ level: 'ok', message: 'ok' })
      for (let i = 0; i < 3; i++)
        expect(second(0, { bad_encoding: 30 })).toMatchObject({
          level: 'warn',
          message: `${TOPIC}: 30 dropped in a second: bad_encoding`,
        })
      expect(said).toEqual([`${TOPIC}: messages are dropped: bad_encoding (30 in a second)`])
      second(30)
      second(29, { bad_encoding: 1 })
      expect(said.slice(1)).toEqual([`${TOPIC}: messages are dropped: bad_encoding (1 in a second)`])
    },
  )

  test(
    'whose messages are dropped for several reasons has each with its number, bytes that are no ' +
      'message among them',
    () => {
      const { said, second } = make()
      second(0, { nan: 2 })
      expect(second(5, { nan: 2, zero_stamp: 1, bad_message: 4 }).message).toBe(
        `${TOPIC}: 7 dropped in a second: nan 2, zero_stamp 1, bad_message 4`,
      )
      expect(said.map(text => / (\w+) \(/.exec(text)?.[1])).toEqual(['nan', 'zero_stamp', 'bad_message'])
    },
  )

  test('that becomes silent and comes back is named in the log, once each', () => {
    const { said, second } = make()
    second(30)
    for (let i = 0; i < 10; i++)
      expect(second(0)).toMatchObject({ level: 'warn', message: `${TOPIC}: silent for a second` })
    second(30)
    expect(said).toEqual([`${TOPIC}: has fallen silent`, `${TOPIC}: is heard`])
  })

  test('without any message is named after a while', () => {
    const { said, second } = make()
    for (let i = 0; i < 4; i++) second(0)
    expect(said).toEqual([])
    for (let i = 0; i < 4; i++) second(0)
    expect(said).toEqual([`${TOPIC}: nothing has come yet`])
  })

  test('without a subscription, or without a rate, is never silent', () => {
    for (const [steady, listening] of [
      [true, false],
      [false, true],
    ]) {
      const { said, second } = make(steady)
      for (let i = 0; i < 10; i++) expect(second(0, {}, listening)).toMatchObject({ level: 'ok' })
      expect(said).toEqual([])
    }
  })

  test('tells the age of its newest message, and counts on when it is subscribed to anew', () => {
    const { second, topic } = make()
    topic.newest = 4_990_000_000
    expect(second(30).values).toMatchObject({ age_ms: 10, received: 30 })
    topic.received = 0
    expect(second(3)).toMatchObject({ level: 'ok', values: { received: 3 } })
  })
})
