import { expect, it, describe, vi } from 'vitest'
import { fusionPart } from '../../app/session/parts/fusion-part.js'
import { Session } from '../../app/session/session.js'
import type { Observation } from '../../fusion/observation.js'
import type { ActionChunk, Policy } from '../../policy/policy.js'
import { LocalBus } from '../../middleware/local/local-bus.js'
import { SteppedClock } from '../../middleware/local/stepped-clock.js'
import { CHUNK_TOPIC, type FusionNode } from '../../nodes/fusion-node.js'
import { MS, robot, rgb, tool } from '../fusion/robots.js'

function chunkOf({ stamp }: Observation): ActionChunk {
  return {
    stamp,
    rate: 30,
    data: new Float32Array(6),
    origin: new Float64Array(7),
    graspSuccess: undefined,
    gate: undefined,
    latent: undefined,
    inferenceMs: 1,
  }
}

class Loop {
  readonly clock = new SteppedClock(1)
  readonly bus = new LocalBus(this.clock, { onError: error => this.errors.push(error) })
  readonly errors: unknown[] = []
  readonly chunks: { stamp: number; receive: number }[] = []
  readonly observations: number[] = []
  readonly node: FusionNode
  readonly #rgb = this.bus.advertise('/rgb', 'sensor_msgs/msg/Image')
  readonly #tool = this.bus.advertise('/tool', 'geometry_msgs/msg/PoseStamped')

  constructor(
    infer: Policy['infer'] | Policy,
    inferenceLatency = 0,
    onObservation?: () => void,
    onPolicyEnded?: (why: Error) => void,
  ) {
    const policy: Policy =
      typeof infer === 'function' ? { name: 'scripted', infer, close: () => Promise.resolve() } : infer
    this.bus.subscribe(`/${CHUNK_TOPIC}`, 'prehend_interfaces/msg/ActionChunk', ({ stamp }, receive) =>
      this.chunks.push({ stamp, receive }),
    )
    this.node = Session.assemble(
      {
        bus: this.bus,
        robot: robot([rgb, tool], { reset: { topic: '/episode' } }),
        onError: error => this.errors.push(error),
      },
      {
        fusion: fusionPart({
          policy,
          inferenceLatency,
          ...(onPolicyEnded && { onPolicyEnded }),
          onObservation: observation => {
            this.observations.push(observation.stamp)
            onObservation?.()
          },
        }),
      },
    ).nodes.fusion
  }

  async up(): Promise<this> {
    await this.node.configure()
    await this.node.activate()
    return this
  }

  /** Sends a frame, and poses before and after it. */
  async tick(stamp: number): Promise<void> {
    for (const at of [stamp - MS, stamp + MS]) {
      this.clock.advanceTo(at)
      this.#tool.publish({ stamp: at, frameId: 'base', pose: Float64Array.of(0, 0, at / 1e9, 0, 0, 0, 1) })
      if (at < stamp)
        this.#rgb.publish({
          stamp,
          frameId: 'camera',
          width: 2,
          height: 2,
          encoding: 'rgb8',
          isBigendian: false,
          step: 6,
          data: new Uint8Array(12),
        })
    }
    await new Promise(resolve => setImmediate(resolve))
  }
}

describe('the fusion node', () => {
  it("aligns at every frame and publishes the policy's chunk with the observation's stamp", async () => {
    const loop = await new Loop(async observation => chunkOf(observation)).up()
    await loop.tick(100 * MS)
    await loop.tick(133 * MS)
    expect(loop.observations).toEqual([100 * MS, 133 * MS])
    expect(loop.chunks.map(({ stamp }) => stamp)).toEqual(loop.observations)
    expect(loop.errors).toEqual([])
  })

  it('does not ask a policy that has ended, and reports the end once', async () => {
    const [asked, told]: [number[], Error[]] = [[], []]
    const policy = {
      name: 'mortal',
      ended: undefined as Error | undefined,
      close: () => Promise.resolve(),
      infer: async (observation: Observation) => {
        asked.push(observation.stamp)
        if (asked.length === 2) policy.ended = new Error('gone')
        if (policy.ended) throw policy.ended
        return Promise.reject(new Error('this once'))
      },
    }
    const loop = await new Loop(policy, 0, undefined, why => told.push(why)).up()
    for (let i = 0; i < 6; i++) await loop.tick((100 + 33 * i) * MS)
    expect(loop.observations).toHaveLength(6)
    expect(asked).toHaveLength(2)
    expect(loop.errors.map(String)).toEqual(['Error: this once', 'Error: gone'])
    expect(told).toEqual([policy.ended])
  })

  it(
    'subscribes to the announcements first, because a ROS executor takes the oldest subscription ' + 'first',
    async () => {
      const loop = new Loop(async observation => chunkOf(observation))
      const subscribe = vi.spyOn(loop.bus, 'subscribe')
      await loop.up()
      expect(subscribe.mock.calls.map(([topic]) => topic)).toEqual(['/episode', '/rgb', '/tool'])
    },
  )

  it('completes a tick that is never bracketed at its deadline, by its own timer', async () => {
    const loop = await new Loop(async observation => chunkOf(observation)).up()
    await loop.tick(100 * MS)
    loop.clock.advanceTo(120 * MS)
    await loop.tick(133 * MS)
    const rgbOnly = loop.bus.advertise('/rgb', 'sensor_msgs/msg/Image')
    rgbOnly.publish({
      stamp: 160 * MS,
      frameId: 'camera',
      width: 2,
      height: 2,
      encoding: 'rgb8',
      isBigendian: false,
      step: 6,
      data: new Uint8Array(12),
    })
    expect(loop.observations).toHaveLength(2)
    loop.clock.advanceTo(134 * MS + 41 * MS)
    expect(loop.observations).toHaveLength(3)
    expect(loop.clock.nextTimer()).toBe(Infinity)
  })

  it('does not wait for samples from before the beginning of an episode', async () => {
    const loop = await new Loop(async observation => chunkOf(observation)).up()
    await loop.tick(100 * MS)
    loop.bus.advertise('/rgb', 'sensor_msgs/msg/Image').publish({
      stamp: 110 * MS,
      frameId: 'camera',
      width: 2,
      height: 2,
      encoding: 'rgb8',
      isBigendian: false,
      step: 6,
      data: new Uint8Array(12),
    })
    expect(loop.clock.nextTimer()).toBeLessThan(Infinity)
    loop.bus.advertise('/episode', 'std_msgs/msg/String').publish({ data: '' })
    expect(loop.clock.nextTimer()).toBe(Infinity)
    expect(loop.observations).toEqual([100 * MS])
  })

  it('publishes the chunk after the latency, not before', async () => {
    const loop = await new Loop(async observation => chunkOf(observation), 12 * MS).up()
    await loop.tick(100 * MS)
    expect(loop.chunks).toEqual([])
    loop.clock.advanceTo(200 * MS)
    expect(loop.chunks).toEqual([{ stamp: 100 * MS, receive: 113 * MS }])
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('no')
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
  ] as const)('a policy that %s is reported and asked again', async (_how, fail) => {
    let asked = 0
    const loop = await new Loop(observation => (++asked === 1 ? fail() : Promise.resolve(chunkOf(observation)))).up()
    await loop.tick(100 * MS)
    await loop.tick(133 * MS)
    expect(loop.errors).toHaveLength(1)
    expect(loop.chunks.map(({ stamp }) => stamp)).toEqual([133 * MS])
  })

  it(
    'goes on observing while a policy never answers, counts the skipped observations, and can be ' + 'ended',
    async () => {
      const loop = await new Loop(() => new Promise(() => undefined)).up()
      for (let i = 3; i < 8; i++) await loop.tick(i * 33 * MS)
      expect(loop.observations).toHaveLength(5)
      expect(loop.node.skipped).toBe(4)
      await loop.node.shutdown()
      await loop.bus.close()
      expect(loop.node.state).toBe('finalized')
    },
  )

  it('shows a busy policy the observations that it is not asked about, so that its histories have every tick', async () => {
    const told: [string, number][] = []
    const answers: (() => void)[] = []
    const loop = await new Loop({
      name: 'busy',
      infer: observation => {
        told.push(['infer', observation.stamp])
        return new Promise(resolve => answers.push(() => resolve(chunkOf(observation))))
      },
      observe: observation => {
        told.push(['observe', observation.stamp])
        return observation.stamp === 200 * MS ? Promise.reject(new Error('no')) : Promise.resolve()
      },
      close: () => Promise.resolve(),
    }).up()
    for (const stamp of [100, 133, 166, 200]) await loop.tick(stamp * MS)
    answers.shift()?.()
    await new Promise(resolve => setImmediate(resolve))
    await loop.tick(233 * MS)
    expect(told).toEqual([
      ['infer', 100 * MS],
      ['observe', 133 * MS],
      ['observe', 166 * MS],
      ['observe', 200 * MS],
      ['infer', 233 * MS],
    ])
    expect(loop.errors).toEqual([new Error('no')])
  })

  it.each([0, 12 * MS])(
    'publishes nothing after a deactivation during an inference, and can be activated again (latency ' + '%i)',
    async latency => {
      const answers: (() => void)[] = []
      const loop = await new Loop(
        observation => new Promise(resolve => answers.push(() => resolve(chunkOf(observation)))),
        latency,
      ).up()
      await loop.tick(100 * MS)
      if (latency > 0) {
        answers.shift()?.()
        await new Promise(resolve => setImmediate(resolve))
      }
      await loop.node.deactivate()
      expect(loop.clock.nextTimer()).toBe(Infinity)
      answers.shift()?.()
      await new Promise(resolve => setImmediate(resolve))
      loop.clock.advanceTo(150 * MS)
      expect(loop.chunks).toEqual([])
      await loop.node.activate()
      await loop.tick(200 * MS)
      answers.shift()?.()
      await new Promise(resolve => setImmediate(resolve))
      loop.clock.advanceTo(300 * MS)
      expect(loop.chunks.map(({ stamp }) => stamp)).toEqual([200 * MS])
    },
  )

  it('publishes the chunk although `onObservation` throws', async () => {
    const loop = await new Loop(
      async observation => chunkOf(observation),
      0,
      () => {
        throw new Error('onlooker')
      },
    ).up()
    await loop.tick(100 * MS)
    await loop.tick(133 * MS)
    expect(loop.chunks).toHaveLength(2)
    expect(loop.errors).toHaveLength(2)
  })
})
