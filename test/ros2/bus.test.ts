import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { describeRos, root } from './environment.js'
import { domain, endWithTests, startBus, startPeer, until, type Talk } from './processes.js'

interface Heard {
  readonly message: Record<string, unknown>
  readonly receive: number
}

describeRos('our bus and rclpy', () => {
  const env = domain(0)
  let bus: Talk
  let peer: Talk
  beforeAll(async () => {
    ;[bus, peer] = await Promise.all([startBus(env), startPeer(env)])
  })
  endWithTests()

  const warned = (about: RegExp) =>
    until(
      () => bus.ask<{ topic: string; text: string }[]>('warnings'),
      all => all.some(({ topic, text }) => about.test(`${topic}: ${text}`)),
    )
  const header = { stamp: { sec: 1_700_000_000, nanosec: 5 }, frame_id: 'wrist' }

  test(
    'of two waiting messages, the one of the older subscription is taken first: an announcement ' +
      'before the command that follows it',
    async () => {
      const type = 'std_msgs/msg/String'
      // The topics are published in the order of the subscriptions, which is not the order of their names.
      const topics = ['/o/b', '/o/a']
      for (const topic of topics) await bus.ask('subscribe', { topic, type })
      for (const topic of topics) await peer.ask('advertise', { topic, type, match: 1 })
      for (let round = 1; round <= 20; round++) {
        bus.child.kill('SIGSTOP')
        for (const topic of topics) await peer.ask('publish', { topic, type, messages: [{ data: '' }] })
        bus.child.kill('SIGCONT')
        await until(
          () => bus.ask<Record<string, number>>('counts'),
          counts => topics.every(topic => counts[topic] === round),
        )
      }
      const [announced, said] = await Promise.all(topics.map(topic => bus.ask<Heard[]>('heard', { topic })))
      for (const [i, { receive }] of announced.entries()) expect(receive).toBeLessThan(said[i].receive)
    },
  )

  test('a process that stalls while 900 wrenches come loses none of them', async () => {
    const topic = '/stall/wrench'
    const type = 'geometry_msgs/msg/WrenchStamped'
    await bus.ask('subscribe', { topic, type })
    const counted = async (): Promise<number> => (await bus.ask<Record<string, number>>('counts'))[topic]
    await until(
      async () => {
        await peer.ask('publish', { topic, type, messages: [{ header }] })
        return counted()
      },
      count => count > 0,
    )
    // Once both sides are matched, the best effort loses nothing here.
    const before = await until(
      async () => {
        const count = await counted()
        await peer.ask('publish', { topic, type, messages: [{ header }] })
        return until(counted, now => now > count)
      },
      count => count > 0,
    )
    bus.child.kill('SIGSTOP')
    await peer.ask('publish', { topic, type, messages: Array.from({ length: 900 }, () => ({ header })) })
    bus.child.kill('SIGCONT')
    await peer.ask('publish', { topic, type, messages: [{ header: { ...header, frame_id: 'last' } }] })
    await until(
      async () => (await bus.ask<Heard[]>('heard', { topic })).at(-1)?.message['frameId'],
      frame => frame === 'last',
    )
    expect((await counted()) - before).toBe(901)
  })

  test(
    'with simulated time no message overtakes the time: waiting /clock messages are taken before ' +
      'messages with later stamps',
    async () => {
      const simulated = await startBus(env, ['--ros-args', '-p', 'use_sim_time:=true', '-r', '__node:=simulated'])
      const topic = '/s/wrench'
      const type = 'geometry_msgs/msg/WrenchStamped'
      const CLOCK = 'rosgraph_msgs/msg/Clock'
      const at = (seconds: number) => ({ sec: Math.floor(seconds), nanosec: Math.round((seconds % 1) * 1e9) })
      const tell = (seconds: readonly number[]) =>
        peer.ask('publish', { topic: '/clock', type: CLOCK, messages: seconds.map(time => ({ clock: at(time) })) })
      const show = (seconds: number) =>
        peer.ask('publish', { topic, type, messages: [{ header: { stamp: at(seconds), frame_id: 'wrist' } }] })
      const heard = () => simulated.ask<Heard[]>('heard', { topic })
      await simulated.ask('subscribe', { topic, type })
      await peer.ask('advertise', { topic: '/clock', type: CLOCK, match: 1 })
      await until(
        async () => {
          await tell([100])
          await show(100)
          return heard()
        },
        all => all.length > 0,
      )
      for (let round = 1; round <= 10; round++) {
        const start = 100 + 3 * round
        const { length } = await heard()
        simulated.child.kill('SIGSTOP')
        await tell([0, 0.5, 1, 1.5, 2].map(step => start + step))
        await show(start + 1.9)
        simulated.child.kill('SIGCONT')
        const { message, receive } = (await until(heard, all => all.length > length)).at(-1)!
        expect(receive, `round ${round}`).toBeGreaterThanOrEqual(Number(message['stamp']))
      }
      await simulated.end()
    },
  )

  test('pictures at 30 Hz beside wrenches at 1 kHz all arrive, in order', async () => {
    const topics = {
      '/a/rgb': 'sensor_msgs/msg/Image',
      '/a/depth': 'sensor_msgs/msg/Image',
      '/a/wrench': 'geometry_msgs/msg/WrenchStamped',
    }
    for (const [topic, type] of Object.entries(topics)) {
      await bus.ask('subscribe', { topic, type })
      // The best effort works once both sides are matched, and each side knows only about itself.
      await until(
        async () => {
          await peer.ask('publish', { topic, type, messages: [{}] })
          return bus.ask<Record<string, number>>('counts')
        },
        all => all[topic] > 0,
      )
    }
    // A probe may still come; the messages of one writer arrive in order.
    for (const [topic, type] of Object.entries(topics)) {
      await peer.ask('publish', { topic, type, messages: [{ header: { frame_id: 'last' } }] })
      await until(
        () => bus.ask<Heard[]>('heard', { topic }),
        all => all.at(-1)?.message['frameId'] === 'last',
      )
    }
    await bus.ask('clear')
    const sent = await peer.ask<Record<string, number>>('sensors', {
      seconds: 4,
      rgb_topic: '/a/rgb',
      depth_topic: '/a/depth',
      wrench_topic: '/a/wrench',
    })
    expect(sent).toEqual({ rgb: 120, depth: 120, wrench: 4000 })
    const counts = await until(
      () => bus.ask<Record<string, number>>('counts'),
      all => all['/a/wrench'] >= 4000 && all['/a/rgb'] >= 120 && all['/a/depth'] >= 120,
      5000,
    )
    expect(counts).toMatchObject({ '/a/rgb': 120, '/a/depth': 120, '/a/wrench': 4000 })
    expect(await bus.ask<number>('steps', { topic: '/a/wrench' })).toBeGreaterThanOrEqual(0)
    const [{ message }] = await bus.ask<Heard[]>('heard', { topic: '/a/rgb', count: 1 })
    expect(message).toMatchObject({
      width: 640,
      height: 480,
      step: 1920,
      encoding: 'rgb8',
      frameId: 'camera',
      data: { length: 921_600 },
    })
  })

  test('rclpy receives what we publish: pictures, 1000 wrenches, texts, utterances, action chunks', async () => {
    const now = { stamp: { $now: 0 } }
    const cases: [string, string, Record<string, unknown>[], Record<string, unknown>][] = [
      [
        '/b/rgb',
        'sensor_msgs/msg/Image',
        [
          {
            ...now,
            frameId: 'camera',
            width: 640,
            height: 480,
            step: 1920,
            encoding: 'rgb8',
            isBigendian: false,
            data: { $bytes: [921_600, 7] },
          },
        ],
        {
          width: 640,
          height: 480,
          step: 1920,
          encoding: 'rgb8',
          is_bigendian: 0,
          data: { length: 921_600, sha256: expect.any(String) as string },
        },
      ],
      ['/b/text', 'std_msgs/msg/String', [{ data: 'grün' }], { data: 'grün' }],
      [
        '/b/voice',
        'prehend_interfaces/msg/VoiceEvent',
        [{ ...now, frameId: '', text: 'stop', confidence: 0.5, speaker: 'goal' }],
        { text: 'stop', confidence: 0.5, version: 2, speaker: 2 },
      ],
      [
        '/b/chunk',
        'prehend_interfaces/msg/ActionChunk',
        [
          {
            ...now,
            frameId: 'tool',
            rate: 30,
            data: { $float32s: [1, 2, 3, 4, 5, 6] },
            origin: { $floats: [1, 2, 3, 0, 0, 0, 1] },
            gate: { $float32s: [] },
            graspSuccess: 0.25,
          },
        ],
        {
          rate: 30,
          data: [1, 2, 3, 4, 5, 6],
          origin: { position: { x: 1, y: 2, z: 3 }, orientation: { x: 0, y: 0, z: 0, w: 1 } },
          gate: [],
          grasp_success: 0.25,
        },
      ],
      [
        '/b/wrench',
        'geometry_msgs/msg/WrenchStamped',
        Array.from({ length: 1000 }, (_, i) => ({ ...now, frameId: 'wrist', wrench: { $floats: [i, 0, 0, 0, 0, 1] } })),
        { wrench: { force: { x: 0, y: 0, z: 0 }, torque: { x: 0, y: 0, z: 1 } } },
      ],
    ]
    for (const [topic, type, messages, wanted] of cases) {
      await bus.ask('advertise', { topic, type })
      await peer.ask('listen', { topic, type })
      await until(
        () => bus.ask<{ topic: string; subscribers: number }[]>('topics'),
        all => all.some(info => info.topic === topic && info.subscribers > 0),
      )
      const before = Date.now()
      await bus.ask('publish', { topic, type, messages, period: messages.length > 1 ? 0.001 : 0 })
      const heard = await peer.ask<{ header?: { stamp: { sec: number } } }[]>('take', { topic, count: messages.length })
      expect(heard).toHaveLength(messages.length)
      expect(heard[0]).toMatchObject(wanted)
      if (heard[0].header) expect(Math.abs(heard[0].header.stamp.sec - before / 1000)).toBeLessThan(20)
    }
  })

  test('we receive what rclpy publishes: texts, utterances, action chunks with their stamps', async () => {
    await bus.ask('subscribe', { topic: '/c/voice', type: 'prehend_interfaces/msg/VoiceEvent' })
    await peer.ask('advertise', { topic: '/c/voice', type: 'prehend_interfaces/msg/VoiceEvent', match: 1 })
    await peer.ask('publish', {
      topic: '/c/voice',
      type: 'prehend_interfaces/msg/VoiceEvent',
      messages: [{ header: { stamp: { $now: -2 } }, text: 'über', confidence: 0.5 }],
    })
    await until(
      () => bus.ask<Record<string, number>>('counts'),
      all => all['/c/voice'] > 0,
    )
    const [{ message, receive }] = await bus.ask<Heard[]>('heard', { topic: '/c/voice' })
    expect(message).toMatchObject({ text: 'über', confidence: 0.5 })
    expect(receive - (message['stamp'] as number)).toBeGreaterThan(1.9e9)
    expect(receive - (message['stamp'] as number)).toBeLessThan(10e9)
  })

  test('a best-effort publisher that does not match a reliable subscription is named once', async () => {
    await bus.ask('subscribe', { topic: '/d/text', type: 'std_msgs/msg/String' })
    await peer.ask('advertise', { topic: '/d/text', type: 'std_msgs/msg/String', node: 'mumbler', reliable: false })
    await warned(
      /^\/d\/text: \/mumbler offers reliability best_effort, reliable is asked for: it is not heard; set qos_overrides\.\/d\/text\.subscription\.reliability to best_effort$/,
    )
  })

  test('a subscription that requests more than is offered is named once', async () => {
    await bus.ask('advertise', { topic: '/j/text', type: 'std_msgs/msg/String' })
    await peer.ask('listen', { topic: '/j/text', type: 'std_msgs/msg/String', node_name: 'latecomer', transient: true })
    await warned(
      /^\/j\/text: \/latecomer asks for durability transient_local, volatile is offered: it hears nothing; set qos_overrides\.\/j\/text\.publisher\.durability to transient_local$/,
    )
  })

  test('an IMU and an array that rclpy publishes arrive whole', async () => {
    const covariance = Array.from({ length: 9 }, (_, i) => i / 8)
    const sent = {
      '/i/imu': [
        'sensor_msgs/msg/Imu',
        {
          header,
          orientation: { x: 0, y: 0.6, z: 0, w: 0.8 },
          orientation_covariance: covariance,
          angular_velocity: { x: 1, y: 2, z: 3 },
          angular_velocity_covariance: covariance,
          linear_acceleration: { x: 0, y: 0.5, z: 9.75 },
          linear_acceleration_covariance: covariance,
        },
        {
          frameId: 'wrist',
          orientation: [0, 0.6, 0, 0.8],
          orientationCovariance: covariance,
          angularVelocity: [1, 2, 3],
          angularVelocityCovariance: covariance,
          linearAcceleration: [0, 0.5, 9.75],
          linearAccelerationCovariance: covariance,
        },
      ],
      '/i/taxels': [
        'std_msgs/msg/Float64MultiArray',
        { layout: { data_offset: 1 }, data: [0, 1.5, -2] },
        { dimensions: [], dataOffset: 1, data: [0, 1.5, -2] },
      ],
    } as const
    for (const [topic, [type, message, want]] of Object.entries(sent)) {
      await bus.ask('subscribe', { topic, type })
      await peer.ask('advertise', { topic, type, match: 1 })
      const all = await until(
        async () => {
          await peer.ask('publish', { topic, type, messages: [message] })
          return bus.ask<Heard[]>('heard', { topic })
        },
        heard => heard.length > 0,
      )
      expect(all[0].message).toMatchObject(want)
    }
  })

  test('two sources of wrenches are named; one is not', async () => {
    await bus.ask('subscribe', { topic: '/e/wrench', type: 'geometry_msgs/msg/WrenchStamped' })
    await peer.ask('advertise', { topic: '/e/wrench', type: 'geometry_msgs/msg/WrenchStamped', node: 'left' })
    await peer.ask('advertise', { topic: '/e/wrench', type: 'geometry_msgs/msg/WrenchStamped', node: 'arm/right' })
    await warned(/^\/e\/wrench: 2 publishers \(\/arm\/right, \/left\)/)
    expect((await bus.ask<{ topic: string }[]>('warnings')).filter(({ topic }) => topic === '/a/wrench')).toEqual([])
  })

  test('a publisher of another type is named', async () => {
    await bus.ask('subscribe', { topic: '/f/wrench', type: 'geometry_msgs/msg/WrenchStamped' })
    await peer.ask('advertise', { topic: '/f/wrench', type: 'geometry_msgs/msg/PoseStamped', node: 'poser' })
    await warned(
      /^\/f\/wrench: \/poser publishes geometry_msgs\/msg\/PoseStamped, not geometry_msgs\/msg\/WrenchStamped/,
    )
  })

  test('names are remapped and put into the namespace; qos_overrides of one topic count for that topic', async () => {
    const other = await startBus(env, [
      '--ros-args',
      '-r',
      '__ns:=/arm',
      '-r',
      '__node:=left',
      '-r',
      '/g/text:=/elsewhere',
      '-p',
      'qos_overrides./elsewhere.subscription.reliability:=best_effort',
      '-p',
      'qos_overrides./elsewhere.subscription.depth:=3',
      '-p',
      'qos_overrides./arm/said.publisher.durability:=transient_local',
    ])
    expect(await other.ask('name')).toBe('/arm left')
    expect(await other.ask('subscribe', { topic: '/g/text', type: 'std_msgs/msg/String' })).toBe('/elsewhere')
    expect(await other.ask('subscribe', { topic: 'near', type: 'std_msgs/msg/String' })).toBe('/arm/near')
    // It is received although it offers only the best effort.
    await peer.ask('advertise', {
      topic: '/elsewhere',
      type: 'std_msgs/msg/String',
      node: 'whisperer',
      reliable: false,
      match: 1,
    })
    await until(
      async () => {
        await peer.ask('publish', {
          topic: '/elsewhere',
          type: 'std_msgs/msg/String',
          node: 'whisperer',
          messages: [{ data: 'psst' }],
        })
        return other.ask<Record<string, number>>('counts')
      },
      all => all['/g/text'] > 0,
    )
    // It was published before the subscription, and kept (transient local).
    await other.ask('publish', { topic: 'said', type: 'std_msgs/msg/String', messages: [{ data: 'kept' }] })
    await peer.ask('listen', { topic: '/arm/said', type: 'std_msgs/msg/String', transient: true })
    expect(await peer.ask('take', { topic: '/arm/said', count: 1 })).toEqual([{ data: 'kept' }])
    expect(await other.ask('warnings')).toEqual([])
    await other.end()
  })

  test('ending a subscription twice does not end others of its topic, which share one DDS reader', async () => {
    await bus.ask('endTwice', { topic: '/i/text', type: 'std_msgs/msg/String' })
    expect((await bus.ask<{ topic: string }[]>('health')).filter(({ topic }) => topic === '/i/text')).toHaveLength(1)
    const readers = () => bus.ask<{ topic: string; subscribers: number }[]>('topics')
    expect(
      (await until(readers, all => all.some(({ topic }) => topic === '/i/text'))).find(
        ({ topic }) => topic === '/i/text',
      )?.subscribers,
    ).toBe(1)
  })

  test('is opened by its name like every backend, and its node ends with it', () => {
    const said = execFileSync(
      process.execPath,
      ['--import', 'tsx', join(root, 'test/ros2/open-bus.ts'), '--ros-args', '-r', '__ns:=/opened'],
      { cwd: root, env, encoding: 'utf8', timeout: 30_000 },
    )
    // Endpoints of earlier tests may still be in the graph for a moment.
    const mine = (JSON.parse(said) as { topic: string }[]).filter(({ topic }) => topic.startsWith('/opened/'))
    expect(mine).toEqual([{ topic: '/opened/said', type: 'std_msgs/msg/String', publishers: 1, subscribers: 1 }])
  })

  test('a message with an odd header is passed like every other', async () => {
    await bus.ask('subscribe', { topic: '/h/wrench', type: 'geometry_msgs/msg/WrenchStamped' })
    await peer.ask('advertise', { topic: '/h/wrench', type: 'geometry_msgs/msg/WrenchStamped', match: 1 })
    // Repeated until the bus has discovered the peer too. Then both messages of a pair arrive.
    const odd = [{ header }, { header: { ...header, stamp: { sec: 0, nanosec: 0 } } }]
    const heard = await until(
      async () => {
        await peer.ask('publish', { topic: '/h/wrench', type: 'geometry_msgs/msg/WrenchStamped', messages: odd })
        return bus.ask<Heard[]>('heard', { topic: '/h/wrench' })
      },
      all => all.length > 2,
    )
    expect(new Set(heard.map(({ message }) => message['stamp'])).size).toBe(2)
    expect(heard.every(({ message }) => (message['stamp'] as number) <= 0)).toBe(true)
  })
})
