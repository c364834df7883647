import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fusionPart } from '../../app/session/parts/fusion-part.js'
import { Session } from '../../app/session/session.js'
import { Aligner } from '../../fusion/aligner.js'
import type { Observation } from '../../fusion/observation.js'
import type { Robot } from '../../robots/robot.js'
import { ImageError } from '../../middleware/image/image-error.js'
import type { DecodeImage } from '../../middleware/image/decode.js'
import { LocalBus } from '../../middleware/local/local-bus.js'
import { SteppedClock } from '../../middleware/local/stepped-clock.js'
import type { CompressedImage, Image, MessageTypes, TypeName } from '../../middleware/messages.js'
import { Arrivals } from '../../nodes/intake/arrivals.js'
import type { FusionNode } from '../../nodes/fusion-node.js'
import { bracket, depth, IMAGE, MS, robot, stream, tool, voice, wrench } from '../fusion/robots.js'

const COMPRESSED = 'sensor_msgs/msg/CompressedImage'
const rgb = stream('rgb', 'rgb', COMPRESSED, bracket('nearest'))
const streams = [rgb, depth, wrench, voice, tool]
const cell = (more: Partial<Robot> = {}): Robot => robot(streams, { reset: { topic: '/episode' }, ...more })

/** One byte stands for a picture of 2 x 2 pixels with its value. 255 is damaged, and 254 is a depth image. */
function shown({ stamp, frameId, data }: CompressedImage): Image {
  const [value] = data
  if (value === 255) throw new ImageError('undecodable', 'no picture')
  return value === 254
    ? { stamp, frameId, width: 2, height: 2, encoding: '16UC1', isBigendian: false, step: 4, data: new Uint8Array(8) }
    : {
        stamp,
        frameId,
        width: 2,
        height: 2,
        encoding: 'rgb8',
        isBigendian: false,
        step: 6,
        data: new Uint8Array(12).fill(value),
      }
}

/** A decoder that finishes a picture when the test says so. */
class SlowDecoder {
  readonly begun: { readonly finish: () => void }[] = []
  most = 0
  readonly decode: DecodeImage = message =>
    new Promise((resolve, reject) => {
      const work = {
        finish: () => {
          this.begun.splice(this.begun.indexOf(work), 1)
          try {
            resolve(shown(message))
          } catch (error) {
            reject(error as Error)
          }
        },
      }
      this.begun.push(work)
      this.most = Math.max(this.most, this.begun.length)
    })
}

/** Lets all promises settle that can. */
const settle = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

interface Said {
  readonly topic: string
  readonly type: TypeName
  readonly at: number
  readonly value: number
}

/** A fusion node on a local bus, its sensors, and its observations. */
class Rig {
  readonly clock = new SteppedClock(1)
  readonly bus = new LocalBus(this.clock, { onError: error => this.errors.push(error) })
  readonly errors: unknown[] = []
  readonly observations: Observation[] = []
  readonly heard: string[] = []
  readonly node: FusionNode
  readonly #wrench = { stamp: 0, frameId: 'wrist', wrench: new Float64Array(6) }
  readonly #publishers = new Map<string, { publish(message: never): void }>()

  constructor(decode: DecodeImage, of: Robot = cell()) {
    this.node = Session.assemble(
      { bus: this.bus, robot: of, onError: error => this.errors.push(error) },
      {
        fusion: fusionPart({
          policy: undefined,
          decode,
          onObservation: observation => this.observations.push(observation),
          onHeard: (topic, _type, _message, receive) => this.heard.push(`${topic} ${receive}`),
        }),
      },
    ).nodes.fusion
  }

  async up(): Promise<this> {
    await this.node.configure()
    await this.node.activate()
    return this
  }

  say({ topic, type, at, value }: Said): void {
    this.clock.advanceTo(at)
    const header = { stamp: at, frameId: 'camera' }
    const refilled = this.#wrench
    refilled.stamp = at
    refilled.wrench.fill(value)
    const message: Partial<MessageTypes> = {
      [COMPRESSED]: { ...header, format: 'jpeg', data: Uint8Array.of(value) },
      [IMAGE]:
        topic === '/rgb' && type === IMAGE
          ? shown({ ...header, format: '', data: Uint8Array.of(value) })
          : {
              ...header,
              width: 2,
              height: 2,
              encoding: '16UC1',
              isBigendian: false,
              step: 4,
              data: new Uint8Array(new Uint16Array(4).fill(value).buffer),
            },
      'geometry_msgs/msg/WrenchStamped': refilled,
      'geometry_msgs/msg/PoseStamped': { ...header, pose: Float64Array.of(value, 0, 0, 0, 0, 0, 1) },
      'prehend_interfaces/msg/VoiceEvent': { ...header, text: `${value}`, confidence: 1 },
      'std_msgs/msg/String': { data: '' },
    }
    const publisher = this.#publishers.get(topic) ?? this.bus.advertise(topic, type)
    this.#publishers.set(topic, publisher)
    publisher.publish(message[type] as never)
  }
}

/** 0.6 s of a robot's sensors, in the order of their receive times. */
function session(seed: { readonly bad: readonly number[]; readonly reset: number }): Said[] {
  const said: Said[] = []
  const every = (period: number, topic: string, type: TypeName, value: (i: number) => number): void => {
    for (let i = 1; i * period < 600; i++)
      said.push({ topic, type, at: 1e9 + Math.round(i * period * MS), value: value(i) })
  }
  every(1, '/wrench', 'geometry_msgs/msg/WrenchStamped', i => i % 17)
  every(40.4, '/rgb', COMPRESSED, i => (seed.bad.includes(i) ? 255 - (i % 2) : i))
  every(40.7, '/depth', IMAGE, i => 500 + i)
  every(10.3, '/tool', 'geometry_msgs/msg/PoseStamped', i => i)
  every(151, '/voice', 'prehend_interfaces/msg/VoiceEvent', i => i)
  every(seed.reset, '/episode', 'std_msgs/msg/String', () => 0)
  return said.sort((a, b) => a.at - b.at)
}

const sumOf = (observations: readonly Observation[]): string =>
  createHash('sha256')
    .update(
      JSON.stringify(observations, (_key, value: unknown) =>
        value instanceof Map ? [...value] : ArrayBuffer.isView(value) ? [...(value as Uint8Array)] : value,
      ),
    )
    .digest('hex')
const rgbDrops = (node: FusionNode): unknown => {
  const dropped = node.aligner.counters.streams.get('rgb')?.dropped
  return { undecodable: dropped?.undecodable, bad_encoding: dropped?.bad_encoding, overload: dropped?.overload }
}

describe('compressed images before the aligner', () => {
  const scenario = fc.record({
    seed: fc.record({
      bad: fc.array(fc.integer({ min: 1, max: 14 }), { maxLength: 4 }),
      reset: fc.constantFrom(5000, 210.5),
    }),
    // After that many messages: the index of the picture among those being decoded that is finished.
    finished: fc.array(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.nat(3)), { maxLength: 60 }),
  })

  it('give the same observations and counters, byte for byte, in whatever order they are decoded', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async ({ seed, finished }) => {
        const said = session(seed)
        const prompt = await new Rig(message => Promise.resolve().then(() => shown(message))).up()
        for (const one of said) {
          prompt.say(one)
          await settle()
        }
        await prompt.node.deactivate()

        const decoder = new SlowDecoder()
        const slow = await new Rig(decoder.decode).up()
        let at = 0
        for (const [messages, which] of finished) {
          for (const one of said.slice(at, at + messages)) slow.say(one)
          at += messages
          decoder.begun.at(which % Math.max(1, decoder.begun.length))?.finish()
          await settle()
        }
        for (const one of said.slice(at)) slow.say(one)
        const down = slow.node.deactivate()
        while (decoder.begun.length > 0) {
          decoder.begun.at(-1)?.finish()
          await settle()
        }
        await down

        expect(prompt.observations.length).toBeGreaterThan(5)
        expect(slow.observations.map(({ stamp, emitted }) => [stamp, emitted])).toEqual(
          prompt.observations.map(({ stamp, emitted }) => [stamp, emitted]),
        )
        expect(sumOf(slow.observations)).toBe(sumOf(prompt.observations))
        expect(rgbDrops(slow.node)).toEqual(rgbDrops(prompt.node))
        expect(slow.heard).toEqual(prompt.heard)
        expect(decoder.most).toBeLessThanOrEqual(4)
        expect([...slow.errors, ...prompt.errors]).toEqual([])
      }),
      { numRuns: 40 },
    )
  }, 120_000)

  it('give the same observations as raw images', async () => {
    const said = session({ bad: [], reset: 5000 })
    const compressed = await new Rig(message => Promise.resolve(shown(message))).up()
    for (const one of said) {
      compressed.say(one)
      await settle()
    }
    await compressed.node.deactivate()
    const raw = await new Rig(
      () => Promise.reject(new Error('nothing is compressed')),
      cell({ streams: streams.map(s => (s === rgb ? { ...s, type: IMAGE } : s)) }),
    ).up()
    for (const one of said) raw.say(one.topic === '/rgb' ? { ...one, type: IMAGE } : one)
    await raw.node.deactivate()
    expect(sumOf(raw.observations)).toBe(sumOf(compressed.observations))
  })

  it('no deadline passes while a message waits that was received before it', async () => {
    const decoder = new SlowDecoder()
    const rig = await new Rig(decoder.decode).up()
    const begin = 1e9
    for (let i = 0; i < 30; i++)
      rig.say({ topic: '/wrench', type: 'geometry_msgs/msg/WrenchStamped', at: begin + i * MS, value: 1 })
    rig.say({ topic: '/rgb', type: COMPRESSED, at: begin + 30 * MS, value: 1 })
    decoder.begun[0].finish()
    await settle()
    // The tick of the first picture waits for depth that never comes. The second picture is received before that tick's
    // deadline, and its decoding takes long.
    rig.say({ topic: '/rgb', type: COMPRESSED, at: begin + 60 * MS, value: 2 })
    rig.clock.advanceTo(begin + 500 * MS)
    await settle()
    expect(rig.observations).toEqual([])
    decoder.begun[0].finish()
    await settle()
    expect(rig.observations.map(({ stamp, emitted }) => [stamp, emitted])).toEqual([
      [begin + 30 * MS, begin + 70 * MS],
      [begin + 60 * MS, begin + 100 * MS],
    ])
  })

  it('in lockstep the time stands still until a picture is decoded', async () => {
    const decoder = new SlowDecoder()
    const rig = await new Rig(decoder.decode).up()
    rig.say({ topic: '/rgb', type: COMPRESSED, at: 1e9, value: 1 })
    expect(rig.bus.earliestDue()).toBe(1e9)
    decoder.begun[0].finish()
    await rig.bus.settle(1e9)
    expect(rig.bus.earliestDue()).toBe(Infinity)
  })

  it(
    'that come faster than they are decoded: the newest are dropped, counted and not reported as ' +
      'received; the memory is bounded and the order is kept',
    async () => {
      const decoder = new SlowDecoder()
      const rig = await new Rig(decoder.decode).up()
      for (let i = 1; i <= 50; i++) rig.say({ topic: '/rgb', type: COMPRESSED, at: 1e9 + i * MS, value: i })
      expect(decoder.begun).toHaveLength(4)
      expect(rgbDrops(rig.node)).toMatchObject({ overload: 18 })
      expect(rig.heard).toHaveLength(32)
      while (decoder.begun.length > 0) {
        decoder.begun.at(-1)?.finish()
        await settle()
      }
      rig.say({ topic: '/rgb', type: COMPRESSED, at: 2e9, value: 51 })
      decoder.begun[0].finish()
      await rig.node.deactivate()
      expect(rig.observations.map(({ stamp }) => stamp)).toEqual([
        ...Array.from({ length: 32 }, (_, i) => 1e9 + (i + 1) * MS),
        2e9,
      ])
    },
  )

  it('messages of other streams behind a picture that is never decoded are bounded too, and counted', async () => {
    const rig = await new Rig(new SlowDecoder().decode).up()
    rig.say({ topic: '/rgb', type: COMPRESSED, at: 1e9, value: 1 })
    for (let i = 1; i <= 5000; i++)
      rig.say({ topic: '/wrench', type: 'geometry_msgs/msg/WrenchStamped', at: 1e9 + i * MS, value: 1 })
    expect(rig.node.aligner.counters.streams.get('wrench')?.dropped.overload).toBe(5000 - 4095)
  })

  it('messages pass at once while no picture is being decoded', () => {
    const aligner = new Aligner(cell(), () => undefined)
    const arrivals = new Arrivals(cell(), aligner, {
      onError: () => undefined,
      decode: () => new Promise(() => undefined),
    })
    const take = arrivals.take(aligner.index('wrench'))
    take({ stamp: 1e9, frameId: 'wrist', wrench: new Float64Array(6) } as never, 1e9)
    expect(aligner.counters.streams.get('wrench')?.accepted).toBe(1)
  })

  it('a picture that cannot be decoded, or is depth on a colour stream, is dropped alone', async () => {
    const rig = await new Rig(message => Promise.resolve().then(() => shown(message))).up()
    for (const [i, value] of [1, 255, 254, 2].entries())
      rig.say({ topic: '/rgb', type: COMPRESSED, at: 1e9 + i * 33 * MS, value })
    await settle()
    await rig.node.deactivate()
    expect(rig.observations.map(({ stamp }) => stamp)).toEqual([1e9, 1e9 + 99 * MS])
    expect(rgbDrops(rig.node)).toEqual({ undecodable: 1, bad_encoding: 1, overload: 0 })
    expect(rig.errors).toEqual([])
  })
})

it('an error in a message is reported, behind a picture or not, and the messages after it pass', async () => {
  const errors: unknown[] = []
  const joints = stream('joints', 'proprioception', 'sensor_msgs/msg/JointState', bracket('interpolate'))
  const of = robot([rgb, joints])
  const aligner = new Aligner(of, () => undefined)
  const arrivals = new Arrivals(of, aligner, {
    onError: error => errors.push(error),
    decode: message => Promise.resolve(shown(message)),
  })
  const take = arrivals.take(aligner.index('joints'))
  const say = (ms: number, name: string): boolean =>
    take(
      {
        stamp: ms * MS,
        frameId: '',
        name: [name],
        position: Float64Array.of(1),
        velocity: new Float64Array(0),
        effort: new Float64Array(0),
      } as never,
      ms * MS,
    )
  expect([say(1, 'a'), say(2, 'b'), say(3, 'b'), say(4, 'a')]).toEqual([true, true, true, true])
  arrivals.take(aligner.index('rgb'))(
    { stamp: 5 * MS, frameId: 'camera', format: 'jpeg', data: Uint8Array.of(1) } as never,
    5 * MS,
  )
  say(6, 'a')
  await arrivals.drained()
  expect(errors.map(error => (error as { code: string }).code)).toEqual(['JOINTS_UNCLEAR'])
  expect(aligner.counters.streams.get('joints')).toMatchObject({ accepted: 1, dropped: { other_joints: 4 } })
})
