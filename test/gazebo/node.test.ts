import { describe, expect, test } from 'vitest'
import { BOOLEAN, CLOCK, DOUBLE, EMPTY, STRING, WRENCH } from '../../middleware/gazebo/gz-messages.js'
import { Schema, one } from '../../middleware/gazebo/proto.js'
import { settingsOf } from '../../middleware/gazebo/settings.js'
import { GzNode } from '../../middleware/gazebo/gz-node.js'
import { endWithTests, openNode, PATIENCE, until, world } from './programs.js'

endWithTests()

/** Wrench by its name, something else by its bytes. */
const FALSE_WRENCH = new Schema('Wrench', { force: one(2, 'string') })

describe('two processes of ours', () => {
  test('a message of one node reaches the other node and itself, in order', async () => {
    const env = world()
    const [a, b] = [await openNode(env), await openNode(env)]
    const own: number[] = []
    const other: number[] = []
    a.node.subscribe('/joint', DOUBLE, ({ data }) => own.push(data))
    b.node.subscribe('/joint', DOUBLE, ({ data }) => other.push(data))
    const publisher = a.node.advertise('/joint', DOUBLE)
    let data = 0
    await until(
      () => {
        publisher.publish({ data: data++ })
        return other.length
      },
      count => count >= 20,
    )
    expect(own).toEqual(Array.from({ length: data }, (_, index) => index))
    expect(other.slice(1)).toEqual(other.slice(0, -1).map(value => value + 1))
    expect(publisher.subscribers).toBe(1)
    publisher.dispose()
    expect(() => publisher.publish({ data })).toThrow(expect.objectContaining({ code: 'GZ_CLOSED' }))
  })

  test('of no variables at all meet, and in another partition or on other ports do not', async () => {
    const partition = world()['IGN_PARTITION'] ?? ''
    const open = (env: Record<string, string>): ReturnType<typeof openNode> =>
      openNode({ GZ_PARTITION: partition, ...env })
    const [plain, loopback] = [await open({}), await open({ GZ_IP: '127.0.0.1' })]
    const [apart, elsewhere] = [await open({ GZ_DISCOVERY_MSG_PORT: '31317' }), await openNode(world())]
    plain.node.advertise('/joint', DOUBLE)
    await until(
      () => loopback.node.topics().map(({ name, types }) => `${name} ${types}`),
      names => names.includes('/joint Double'),
    )
    expect([apart.node.topics(), elsewhere.node.topics()]).toEqual([[], []])
    expect(apart.node.why('/joint', 'Double')).toBe(
      'no Gazebo process was heard on 239.255.0.7, UDP ports 31317 and 10318, on ' +
        apart.node.settings.interfaces.join(', ') +
        ' (no GZ_IP or IGN_IP, so this machine only): start it, or set GZ_IP or IGN_IP, ' +
        'GZ_DISCOVERY_MSG_PORT and …SRV_PORT as it has them',
    )
  })

  test('a node without a given dialect takes the first one that another process announces', async () => {
    const env = world()
    const undecided = await openNode({ GZ_IP: '127.0.0.1', GZ_PARTITION: env['IGN_PARTITION'] ?? '' })
    const publisher = undecided.node.advertise('/joint', DOUBLE)
    const fortress = await openNode(env, { dialect: 'ignition' })
    const heard: number[] = []
    fortress.node.subscribe('/joint', DOUBLE, ({ data }) => heard.push(data))
    await until(
      () => publisher.subscribers,
      count => count === 1,
    )
    fortress.node.advertise('/clock', CLOCK)
    await until(
      () => {
        publisher.publish({ data: 5 })
        return [heard.length, publisher.subscribers]
      },
      ([count, subscribers]) => (count ?? 0) > 0 && subscribers === 1,
    )
    expect(fortress.warnings).toEqual([])
  })

  test('a malformed message is counted, with one warning, and the next one is received', async () => {
    const env = world()
    const [a, b] = [await openNode(env), await openNode(env)]
    const first = b.node.next('/wrench', WRENCH, PATIENCE)
    const wrong = b.warned(/bytes that are no Wrench/)
    const [bad, good] = [a.node.advertise('/wrench', FALSE_WRENCH), a.node.advertise('/wrench', WRENCH)]
    const again = setInterval(() => {
      bad.publish({ force: 'no numbers' })
      good.publish({ force: { x: 1 } })
    }, 20)
    expect((await first).force?.x).toBe(1)
    expect(await wrong).toMatch(/^\/wrench: 12 bytes that are no Wrench: .*: ignored$/)
    clearInterval(again)
    expect(b.warnings.filter(text => text.includes('bytes'))).toHaveLength(1)
  })

  test('a listener that throws is reported, and the others get the message', async () => {
    const env = world()
    const errors: unknown[] = []
    const { node } = await openNode(env, { onError: error => errors.push(error) })
    const heard: string[] = []
    node.subscribe('/say', STRING, () => {
      throw new Error('mine')
    })
    node.subscribe('/say', STRING, ({ data }) => heard.push(data))
    node.advertise('/say', STRING).publish({ data: 'x' })
    expect([heard, errors]).toEqual([['x'], [new Error('mine')]])
  })

  test(
    'a topic of another type, in another partition or under another name is named by whoever waits ' + 'for it',
    async () => {
      const env = world()
      const elsewhere = world()
      const [a, b, other] = [await openNode(env), await openNode(env), await openNode(elsewhere)]
      a.node.advertise('/wrist/wrench', STRING)
      other.node.advertise('/force', WRENCH)
      const [mine, theirs] = [env['IGN_PARTITION'], elsewhere['IGN_PARTITION']]
      await until(
        () => b.node.why('/wrist/wrench', 'Wrench'),
        text => /^announced by tcp:\/\/127\.0\.0\.1:\d+ as StringMsg, not Wrench$/.test(text),
      )
      await until(
        () => b.node.why('/force', 'Wrench'),
        text =>
          text ===
          `announced in the partition ${theirs}, not in ${mine} (IGN_PARTITION=${mine}): set GZ_PARTITION ` +
            'or IGN_PARTITION alike on both sides',
      )
      await expect(b.node.next('/wrist/wrenc', WRENCH, 10)).rejects.toThrow(
        expect.objectContaining({
          code: 'GZ_NO_ANSWER',
          message:
            '/wrist/wrenc (Wrench): no message within 10 ms: not announced; of 1 name in this partition the ' +
            'nearest is /wrist/wrench',
        }),
      )
    },
  )
})

describe('services of ours', () => {
  test('are called by another process and by their own, many at a time, each with its own answer', async () => {
    const env = world()
    const [a, b] = [await openNode(env), await openNode(env)]
    a.node.serve('/double', DOUBLE, DOUBLE, async ({ data }) => {
      if (data % 2 === 0) await new Promise(resolve => setImmediate(resolve))
      return { data: 2 * data }
    })
    const numbers = Array.from({ length: 50 }, (_, index) => index)
    for (const { node } of [a, b]) {
      const answers = await Promise.all(numbers.map(data => node.request('/double', DOUBLE, { data }, DOUBLE)))
      expect(answers.map(({ data }) => data)).toEqual(numbers.map(data => 2 * data))
    }
  })

  test('a call waits for a service that comes later', async () => {
    const env = world()
    const [a, b] = [await openNode(env), await openNode(env)]
    const answer = a.node.request('/late', EMPTY, {}, STRING, { timeout: PATIENCE })
    b.node.serve('/late', EMPTY, STRING, () => ({ data: 'here' }))
    expect((await answer).data).toBe('here')
  })

  test('a refusal, an unknown service and one that ends before it answers are told apart', async () => {
    const env = world()
    const [a, b] = [await openNode(env, { onError: () => undefined }), await openNode(env)]
    a.node.serve('/no', EMPTY, BOOLEAN, () => {
      throw new Error('no')
    })
    const called = new Promise<void>(resolve =>
      a.node.serve('/never', EMPTY, BOOLEAN, () => {
        resolve()
        return new Promise(() => undefined)
      }),
    )
    await expect(b.node.request('/no', EMPTY, {}, BOOLEAN)).rejects.toThrow(
      expect.objectContaining({ code: 'GZ_REFUSED', message: 'service /no (Empty → Boolean): refused the call' }),
    )
    await expect(b.node.request('/noo', EMPTY, {}, BOOLEAN, { timeout: 200 })).rejects.toThrow(
      expect.objectContaining({
        code: 'GZ_NO_ANSWER',
        message:
          'service /noo (Empty → Boolean): no answer within 200 ms: not announced; of 2 names in this ' +
          'partition the nearest is /no',
      }),
    )
    const never = expect(b.node.request('/never', EMPTY, {}, BOOLEAN, { timeout: 60_000 })).rejects.toThrow(
      expect.objectContaining({ code: 'GZ_NO_ANSWER', message: expect.stringMatching(/: its provider withdrew it$/) }),
    )
    await called
    await a.node.close()
    await never
  })

  test('a closed transport says so', async () => {
    const node = await GzNode.open({ settings: settingsOf(world()) })
    await node.close()
    await node.close()
    expect(() => node.subscribe('/say', STRING, () => undefined)).toThrow(
      expect.objectContaining({ code: 'GZ_CLOSED' }),
    )
    await expect(node.request('/say', STRING, {}, STRING)).rejects.toThrow(
      expect.objectContaining({ code: 'GZ_CLOSED' }),
    )
  })
})
