import { readFileSync } from 'node:fs'
import { parse } from '@foxglove/rosmsg'
import { MessageReader, MessageWriter } from '@foxglove/rosmsg2-serialization'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CdrError } from '../../middleware/cdr/cdr-error.js'
import { decode, encode, inCurrentLayout } from '../../middleware/cdr/codecs.js'
import { definitionText } from '../../middleware/cdr/definitions.js'
import { PREHEND_INTERFACES } from '../../middleware/cdr/prehend-interfaces.js'
import { SPEAKERS, type SpeakerName, type TypeName } from '../../middleware/messages.js'

const EPOCH = 1_700_000_000
const reader = (type: string) =>
  new MessageReader<Record<string, never>>(parse(definitionText(type) ?? '', { ros2: true }))
const stamp = fc.integer({ min: 1, max: 2 ** 53 - 1 })
const text = fc.string({ unit: 'binary', maxLength: 20 }).filter(s => !s.includes('\0'))

describe('messages in CDR', () => {
  it('WrenchStamped: what rosmsg2-serialization reads is what was written, to the last bit and nanosecond', () => {
    const other = reader('geometry_msgs/msg/WrenchStamped')
    fc.assert(
      fc.property(stamp, text, fc.array(fc.double(), { minLength: 6, maxLength: 6 }), (ns, frameId, values) => {
        const bytes = encode(
          'geometry_msgs/msg/WrenchStamped',
          { stamp: ns, frameId, wrench: Float64Array.from(values) },
          EPOCH,
        )
        const read = other.readMessage(bytes) as unknown as {
          header: { stamp: { sec: number; nanosec: number }; frame_id: string }
          wrench: Record<'force' | 'torque', Record<'x' | 'y' | 'z', number>>
        }
        expect(BigInt(read.header.stamp.sec) * 1_000_000_000n + BigInt(read.header.stamp.nanosec)).toBe(
          BigInt(EPOCH) * 1_000_000_000n + BigInt(ns),
        )
        const { force: f, torque: t } = read.wrench
        expect([f.x, f.y, f.z, t.x, t.y, t.z]).toEqual(values)
        const own = decode('geometry_msgs/msg/WrenchStamped', bytes, EPOCH)
        expect([own.stamp, own.frameId, [...own.wrench]]).toEqual([ns, frameId, values])
      }),
    )
  })

  it('Image: pixels are a view on the bytes, wherever these lie', () => {
    const writer = new MessageWriter(parse(definitionText('sensor_msgs/msg/Image') ?? '', { ros2: true }))
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.integer({ min: 0, max: 9 }), (data, offset) => {
        const written = writer.writeMessage({
          header: { stamp: { sec: EPOCH + 3, nanosec: 999_999_999 }, frame_id: 'camera' },
          height: 2,
          width: 7,
          encoding: 'rgb8',
          is_bigendian: 1,
          step: 21,
          data,
        })
        for (const bytes of [Buffer.alloc(offset + written.length), new Uint8Array(offset + written.length)]) {
          bytes.set(written, offset)
          const image = decode('sensor_msgs/msg/Image', bytes.subarray(offset), EPOCH)
          expect({ ...image, data: [...image.data] }).toEqual({
            stamp: 3_999_999_999,
            frameId: 'camera',
            height: 2,
            width: 7,
            encoding: 'rgb8',
            isBigendian: true,
            step: 21,
            data: [...data],
          })
          expect(image.data.buffer).toBe(bytes.buffer)
          expect(Buffer.from(encode('sensor_msgs/msg/Image', image, EPOCH)).equals(written)).toBe(true)
        }
      }),
    )
  })

  it('big-endian CDR gives the same numbers', () => {
    const bytes = Buffer.alloc(4 + 8 + 4 + 2 + 6 + 48)
    bytes.writeInt32BE(EPOCH + 1, 4)
    bytes.writeUInt32BE(5, 8)
    bytes.writeUInt32BE(2, 12)
    bytes.write('w\0', 16)
    for (let i = 0; i < 6; i++) bytes.writeDoubleBE(i + 0.5, 4 + 16 + 8 * i)
    const { stamp: ns, frameId, wrench } = decode('geometry_msgs/msg/WrenchStamped', bytes, EPOCH)
    expect([ns, frameId, ...wrench]).toEqual([1_000_000_005, 'w', 0.5, 1.5, 2.5, 3.5, 4.5, 5.5])
  })

  it('a time of zero stays zero, whatever the epoch', () => {
    for (const epoch of [0, EPOCH]) {
      const bytes = encode(
        'geometry_msgs/msg/WrenchStamped',
        { stamp: 0, frameId: '', wrench: new Float64Array(6) },
        epoch,
      )
      expect(decode('geometry_msgs/msg/WrenchStamped', bytes, EPOCH).stamp).toBe(0)
    }
  })

  it(
    'a time of any clock comes back to the nanosecond; where no number is exact the stamp is none, ' +
      'and the time is kept as it was written',
    () => {
      const times = fc.tuple(
        fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
        fc.integer({ min: 0, max: 999_999_999 }),
      )
      fc.assert(
        fc.property(times, fc.constantFrom(0, 12, EPOCH, -3588), ([sec, nanosec], epoch) => {
          fc.pre((sec !== 0 || nanosec !== 0) && (sec !== epoch || nanosec !== 0))
          const bytes = encode(
            'geometry_msgs/msg/WrenchStamped',
            { stamp: NaN, far: { sec, nanosec }, frameId: 'w', wrench: new Float64Array(6) },
            0,
          )
          const message = decode('geometry_msgs/msg/WrenchStamped', bytes, epoch)
          const exact = BigInt(sec - epoch) * 1_000_000_000n + BigInt(nanosec)
          if (exact >= -(2n ** 53n) + 1n && exact < 2n ** 53n)
            expect([message.stamp, message.far]).toEqual([Number(exact), undefined])
          else expect([message.stamp, message.far]).toEqual([exact < 0n ? -Infinity : Infinity, { sec, nanosec }])
          expect(Buffer.compare(encode('geometry_msgs/msg/WrenchStamped', message, epoch), bytes)).toBe(0)
        }),
        { numRuns: 300 },
      )
    },
  )

  it('texts of any language come back', () => {
    fc.assert(
      fc.property(text, words => {
        expect(decode('std_msgs/msg/String', encode('std_msgs/msg/String', { data: words }, 0), 0).data).toBe(words)
        const event = { stamp: 1, frameId: 'ohr', text: words, confidence: 0.5 }
        expect(
          decode('prehend_interfaces/msg/VoiceEvent', encode('prehend_interfaces/msg/VoiceEvent', event, 0), 0),
        ).toEqual({ ...event, speaker: 'somebody' })
      }),
    )
  })

  describe('VoiceEvent says who spoke', () => {
    const voiceType = 'prehend_interfaces/msg/VoiceEvent'
    const said = { header: { stamp: { sec: EPOCH, nanosec: 7 }, frame_id: '' }, text: 'stop', confidence: 1 }
    const written = (definition: string, message: object): Uint8Array =>
      new MessageWriter(parse(definition, { ros2: true })).writeMessage(message)
    const now = definitionText(voiceType) ?? ''

    it.each(SPEAKERS.map((speaker, number) => ({ speaker, number })))('$number: $speaker', ({ speaker, number }) => {
      const bytes = encode(voiceType, { stamp: 7, frameId: '', text: 'stop', confidence: 1, speaker }, EPOCH)
      expect(reader(voiceType).readMessage(bytes)).toEqual({ ...said, version: 2, speaker: number })
      expect(decode(voiceType, bytes, EPOCH).speaker).toBe(speaker)
    })

    it.each([
      { how: 'a message by hand, which names neither', fields: {} },
      { how: 'a newer version with a speaker that is not known', fields: { version: 3, speaker: 9 } },
    ])('$how: somebody', ({ fields }) => {
      expect(decode(voiceType, written(now, { ...said, ...fields }), EPOCH).speaker).toBe('somebody')
    })

    it.each([
      ['', 'somebody'],
      ['microphone', 'somebody'],
      ['script', 'script'],
      ['goal', 'goal'],
    ])('version 1, as recordings have it, with frame_id "%s": %s', (frameId, speaker) => {
      const version1 = now.replace(/uint8 .*\n/g, '')
      const bytes = written(version1, { ...said, header: { ...said.header, frame_id: frameId } })
      const message = { stamp: 7, frameId, text: 'stop', confidence: 1, speaker }
      expect(decode(voiceType, bytes, EPOCH)).toEqual(message)
      const current = inCurrentLayout(voiceType, bytes)
      expect(reader(voiceType).readMessage(current)).toMatchObject({
        version: 2,
        speaker: SPEAKERS.indexOf(speaker as SpeakerName),
      })
      expect(decode(voiceType, current, EPOCH)).toEqual(message)
      expect(inCurrentLayout(voiceType, current)).toBe(current)
    })
  })

  describe('ActionChunk says what its columns command', () => {
    const type = 'prehend_interfaces/msg/ActionChunk'
    const chunk = {
      stamp: 7,
      frameId: 'tool0',
      rate: 30,
      data: Float32Array.of(1, 2, 3),
      origin: Float64Array.of(1, 2, 3, 0, 0, 0, 1),
      gate: Float32Array.of(0.5, 0.5),
      graspSuccess: 0.25,
    }
    const groups = [
      {
        name: 'arm',
        kind: 'joint_position',
        counts: 'offset',
        joints: ['pan', 'lift'],
        continuous: ['pan'],
        rotation: '',
        frame: '',
        channels: [],
        unit: 'rad',
      },
    ]

    it.each([
      {},
      { groups, origins: Float64Array.of(0.5, -1) },
      { groups, origins: Float64Array.of(0.5, -1), featureStamp: -5_000_000_001 },
    ])('and comes back: %j', more => {
      const message = { ...chunk, ...more }
      expect(decode(type, encode(type, message, EPOCH), EPOCH)).toEqual(message)
    })

    it.each([0, 1, 2])('version 1, as recordings have it, with a gate of %i: no groups', length => {
      const gate = Float32Array.from({ length }, () => 0.5)
      const version1 = (definitionText(type) ?? '').replace(/uint8 VERSION[^]*?feature_stamp\n/, '')
      const { stamp, frameId, origin, graspSuccess, ...rest } = chunk
      const [x, y, z, qx, qy, qz, qw] = origin
      const bytes = new MessageWriter(parse(version1, { ros2: true })).writeMessage({
        ...rest,
        gate,
        header: { stamp: { sec: EPOCH, nanosec: stamp }, frame_id: frameId },
        origin: { position: { x, y, z }, orientation: { x: qx, y: qy, z: qz, w: qw } },
        grasp_success: graspSuccess,
      })
      expect(decode(type, bytes, EPOCH)).toEqual({ ...chunk, gate })
      const current = inCurrentLayout(type, bytes)
      expect(reader(type).readMessage(current)).toMatchObject({
        version: 3,
        groups: [],
        origins: new Float64Array(0),
        feature_stamp: { sec: 0, nanosec: 0 },
      })
      expect(inCurrentLayout(type, current)).toBe(current)
    })

    it.each([0, 1, 2])('version 2, as recordings have it, with %i groups: it is of one graph', count => {
      const its = Array.from({ length: count }, (_, i) => ({ ...groups[0], name: 'a'.repeat(i + 1) }))
      const origins = Float64Array.from({ length: count }, () => 0.5)
      const version2 = (definitionText(type) ?? '').replace(/builtin_interfaces\/Time feature_stamp\n/, '')
      const { stamp, frameId, origin, graspSuccess, ...rest } = chunk
      const [x, y, z, qx, qy, qz, qw] = origin
      const bytes = new MessageWriter(parse(version2, { ros2: true })).writeMessage({
        ...rest,
        header: { stamp: { sec: EPOCH, nanosec: stamp }, frame_id: frameId },
        origin: { position: { x, y, z }, orientation: { x: qx, y: qy, z: qz, w: qw } },
        grasp_success: graspSuccess,
        version: 2,
        groups: its,
        origins,
      })
      expect(decode(type, bytes, EPOCH)).toEqual({ ...chunk, ...(count > 0 && { groups: its, origins }) })
      const current = inCurrentLayout(type, bytes)
      expect(reader(type).readMessage(current)).toMatchObject({ origins, feature_stamp: { sec: 0, nanosec: 0 } })
      expect(inCurrentLayout(type, current)).toBe(current)
    })
  })

  it.each([
    [0, 0, 0],
    [-1, -1, 999_999_999],
    [-1_500_000_000, -2, 500_000_000],
    [-2_000_000_000, -2, 0],
    [2_000_000_001, 2, 1],
  ])('a point of a trajectory at %d ns is written as %d s and %d ns, and read again', (timeFromStart, sec, nanosec) => {
    const none = new Float64Array(0)
    const message = {
      stamp: 5,
      frameId: '',
      jointNames: [],
      points: [{ positions: none, velocities: none, accelerations: none, effort: none, timeFromStart }],
    }
    const bytes = encode('trajectory_msgs/msg/JointTrajectory', message, EPOCH)
    // A duration is the last field: int32 sec, uint32 nanosec.
    const end = new DataView(bytes.buffer, bytes.byteOffset + bytes.byteLength - 8, 8)
    expect([end.getInt32(0, true), end.getUint32(4, true)]).toEqual([sec, nanosec])
    expect(decode('trajectory_msgs/msg/JointTrajectory', bytes, EPOCH)).toEqual(message)
  })

  it('any bytes decode to a message or throw a CdrError, for every type', () => {
    const types: TypeName[] = [
      'sensor_msgs/msg/Image',
      'sensor_msgs/msg/CompressedImage',
      'sensor_msgs/msg/CameraInfo',
      'geometry_msgs/msg/WrenchStamped',
      'geometry_msgs/msg/PoseStamped',
      'sensor_msgs/msg/JointState',
      'geometry_msgs/msg/TwistStamped',
      'trajectory_msgs/msg/JointTrajectory',
      'sensor_msgs/msg/Imu',
      'std_msgs/msg/Float64MultiArray',
      'std_msgs/msg/Float32MultiArray',
      'prehend_interfaces/msg/VoiceEvent',
      'prehend_interfaces/msg/ActionChunk',
      'std_msgs/msg/String',
    ]
    fc.assert(
      fc.property(fc.constantFrom(...types), fc.uint8Array({ maxLength: 120 }), fc.boolean(), (type, noise, headed) => {
        if (headed) noise.set([0, 1, 0, 0].slice(0, noise.length))
        try {
          decode(type, noise, EPOCH)
        } catch (error) {
          expect(error).toBeInstanceOf(CdrError)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('the interface texts are those of interfaces/msg', () => {
    for (const [type, written] of Object.entries(PREHEND_INTERFACES)) {
      const file = new URL(`../../interfaces/msg/${type.split('/')[2]}.msg`, import.meta.url)
      expect(readFileSync(file, 'utf8')).toBe(written)
    }
  })
})
