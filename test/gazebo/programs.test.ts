import { expect, test } from 'vitest'
import {
  BOOLEAN,
  EMPTY,
  frameOf,
  IMAGE,
  PIXELS,
  STRING,
  WORLD_CONTROL,
  WRENCH,
} from '../../middleware/gazebo/gz-messages.js'
import type { Draft, Fields, Schema } from '../../middleware/gazebo/proto.js'
import { WrenchReader } from '../../middleware/gazebo/wrench-reader.js'
import {
  describeGazebo,
  echo,
  endWithTests,
  openNode,
  PATIENCE,
  publish,
  publishUntil,
  run,
  until,
  world,
  type TestNode,
} from './programs.js'

endWithTests()

/** Publishes again and again until `heard` is there: what is sent before a listener is connected is nobody's. */
async function sendUntil<F extends Fields>(
  { node }: TestNode,
  topic: string,
  schema: Schema<F>,
  message: Draft<F>,
  heard: Promise<string>,
): Promise<string> {
  const publisher = node.advertise(topic, schema)
  const again = setInterval(() => publisher.publish(message), 20)
  try {
    return await heard
  } finally {
    clearInterval(again)
    publisher.dispose()
  }
}

describeGazebo('with ign-transport-topic and ign-transport-service', () => {
  test(
    'a wrench that the program publishes is heard, through the table and through the reader of the 1 ' + 'kHz path',
    async () => {
      const env = world()
      const { node } = await openNode(env)
      const table = node.next('/wrench', WRENCH, PATIENCE)
      const reader = node.next('/wrench', new WrenchReader(), PATIENCE)
      const { header, force, torque } = await publishUntil(
        table,
        env,
        '/wrench',
        'ignition.msgs.Wrench',
        'header: {stamp: {sec: 12, nsec: 345}, data: {key: "frame_id", value: "wrist"}}, force: {x: 1.5, ' +
          'z: -2}, torque: {y: 0.25}',
      )
      expect([header?.stamp, frameOf(header)]).toEqual([{ sec: 12, nsec: 345 }, 'wrist'])
      expect([force, torque]).toEqual([
        { x: 1.5, y: 0, z: -2 },
        { x: 0, y: 0.25, z: 0 },
      ])
      expect(await reader).toEqual({
        sec: 12,
        nsec: 345,
        frameId: 'wrist',
        wrench: Float64Array.of(1.5, 0, -2, 0, 0.25, 0),
      })
    },
  )

  test('what we publish is printed by the program, and it is known to listen until it ends', async () => {
    const env = world()
    const peer = await openNode(env)
    const publisher = peer.node.advertise('/say', STRING)
    const heard = echo(env, '/say', 3)
    await until(
      () => publisher.subscribers,
      count => count === 1,
    )
    const again = setInterval(() => publisher.publish({ data: 'grüezi' }), 20)
    const output = await heard.finally(() => clearInterval(again))
    expect(output.match(/data: "gr\\303\\274ezi"/g)).toHaveLength(3)
    await until(
      () => publisher.subscribers,
      count => count === 0,
    )
  })

  test('an image travels there with its pixels and its format', async () => {
    const env = world()
    const header = { stamp: { sec: 3, nsec: 4 } }
    const image = {
      header,
      width: 2,
      height: 1,
      step: 6,
      data: Buffer.from('abcdef'),
      pixelFormatType: PIXELS.RGB_INT8,
    }
    const printed = await sendUntil(await openNode(env), '/camera', IMAGE, image, echo(env, '/camera', 1))
    expect(printed.replaceAll(/\s+/g, ' ').trim()).toBe(
      'header { stamp { sec: 3 nsec: 4 } } width: 2 height: 1 step: 6 data: "abcdef" pixel_format_type: RGB_INT8',
    )
  })

  test('topics and services of ours are listed and described', async () => {
    const env = world()
    const { node } = await openNode(env)
    node.advertise('/wrench', WRENCH)
    node.serve('/world/cell/control', WORLD_CONTROL, BOOLEAN, () => ({ data: true }))
    // The programs listen for a second and say what they heard: on a busy machine that may be nothing.
    await until(
      () => run(env, 'topic', '-l'),
      text => text.trim() === '/wrench',
    )
    await until(
      () => run(env, 'topic', '-i', '-t', '/wrench'),
      text => /tcp:\/\/127\.0\.0\.1:\d+, ignition\.msgs\.Wrench/.test(text),
    )
    await until(
      () => run(env, 'service', '-l'),
      text => text.trim() === '/world/cell/control',
    )
    const types = /tcp:\/\/127\.0\.0\.1:\d+, ignition\.msgs\.WorldControl, ignition\.msgs\.Boolean/
    await until(
      () => run(env, 'service', '-i', '-s', '/world/cell/control'),
      text => types.test(text),
    )
  })

  test('the program calls a service of this process twice, and gets a refusal', async () => {
    const env = world()
    const errors: unknown[] = []
    const { node } = await openNode(env, { onError: error => errors.push(error) })
    const calls: unknown[] = []
    node.serve('/world/cell/control', WORLD_CONTROL, BOOLEAN, request => {
      calls.push([request.pause, request.multiStep, request.reset?.all])
      if (request.seed === 13) throw new Error('no')
      return { data: request.pause }
    })
    const call = (text: string): Promise<string> =>
      run(
        env,
        'service',
        '-s',
        '/world/cell/control',
        '--reqtype',
        'ignition.msgs.WorldControl',
        '--reptype',
        'ignition.msgs.Boolean',
        '--timeout',
        '10000',
        '--req',
        text,
      )
    expect(await call('pause: true, multi_step: 5, reset: {all: true}')).toContain('data: true')
    expect((await call('multi_step: 7')).trim()).toBe('')
    expect(await call('seed: 13')).toContain('Service call failed')
    expect(calls).toEqual([
      [true, 5, true],
      [false, 7, undefined],
      [false, 0, undefined],
    ])
    expect(errors).toEqual([new Error('no')])
  })

  test('a publisher that is killed is reported, and its messages come again when it is back', async () => {
    const env = world()
    const { node, warned } = await openNode(env)
    const back = new Promise<void>(resolve =>
      node.subscribe('/say', STRING, ({ data }) => {
        if (data === 'back') resolve()
      }),
    )
    const health = node.health()[0]!
    // It ends by itself within a second, with a withdrawal: then it was not killed in time, and another one is.
    await until(
      async () => {
        const killed = publish(env, '/say', 'ignition.msgs.StringMsg', 'data: "too late"')
        await until(
          () => health.publishers,
          publishers => publishers === 1,
        )
        killed.kill('SIGKILL')
        await until(
          () => health.publishers,
          publishers => publishers === 0,
        )
        return health.lost
      },
      lost => lost === 1,
    )
    expect(await warned(/fell silent/)).toMatch(
      /^\/say: its publisher at tcp:\/\/127\.0\.0\.1:\d+ fell silent: nothing comes until it is back$/,
    )
    await publishUntil(back, env, '/say', 'ignition.msgs.StringMsg', 'data: "back"')
    await warned(/\/say: a publisher is there again/)
    expect(health).toMatchObject({ topic: '/say', type: 'StringMsg', malformed: 0, otherType: 0, lost: 1 })
  })

  test('a topic of another type causes a warning and is not received', async () => {
    const env = world()
    const { node, warned } = await openNode(env)
    node.subscribe('/wrench', WRENCH, () => expect.unreachable())
    publish(env, '/wrench', 'ignition.msgs.StringMsg', 'data: "no wrench"')
    expect(await warned(/wrench/)).toMatch(
      /^\/wrench: tcp:\/\/127\.0\.0\.1:\d+ publishes ignition\.msgs\.StringMsg, not Wrench: it is not heard$/,
    )
  })

  test(
    'a peer with topic statistics speaks another version: said, counted; with statistics here it is ' +
      'heard and hears',
    async () => {
      const env = world()
      const counting = { ...env, IGN_TRANSPORT_TOPIC_STATISTICS: '1' }
      const plain = await openNode(env)
      const withStatistics = await openNode(counting)
      const heard = withStatistics.node.next('/say', STRING, PATIENCE)
      const { data } = await publishUntil(heard, counting, '/say', 'ignition.msgs.StringMsg', 'data: "counted"')
      expect(await plain.warned(/version/)).toContain(
        'speaks version 110 of discovery, not 10 (set GZ_TRANSPORT_TOPIC_STATISTICS or ' +
          'IGN_TRANSPORT_TOPIC_STATISTICS alike on both sides): ignored',
      )
      expect(data).toBe('counted')
      expect(plain.node.discoveryCounts().topics.otherVersion).toBeGreaterThan(0)
      expect(
        await sendUntil(withStatistics, '/back', STRING, { data: 'counted too' }, echo(counting, '/back', 2)),
      ).toContain('data: "counted too"')
    },
  )

  test('a one-way service of ours is called without an answer', async () => {
    const env = world()
    const { node } = await openNode(env)
    const called = new Promise<string>(resolve =>
      node.serve('/note', STRING, EMPTY, ({ data }) => {
        resolve(data)
        return {}
      }),
    )
    const types = ['--reqtype', 'ignition.msgs.StringMsg', '--reptype', 'ignition.msgs.Empty']
    await run(env, 'service', '-s', '/note', ...types, '--timeout', '1000', '--req', 'data: "x"')
    expect(await called).toBe('x')
  })
})
