import { readFileSync } from 'node:fs'
import { parse } from '@foxglove/rosmsg'
import { MessageReader, MessageWriter } from '@foxglove/rosmsg2-serialization'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CdrError } from '../../middleware/cdr/cdr-error.js'
import { decode, encode } from '../../middleware/cdr/codecs.js'
import { definitionText } from '../../middleware/cdr/definitions.js'
import { PREHEND_INTERFACES } from '../../middleware/cdr/prehend-interfaces.js'
import type { TypeName } from '../../middleware/messages.js'

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
        ).toEqual(event)
      }),
    )
  })

  it('any bytes are a message or a CdrError, for every type', () => {
    const types: TypeName[] = [
      'sensor_msgs/msg/Image',
      'sensor_msgs/msg/CompressedImage',
      'sensor_msgs/msg/CameraInfo',
      'geometry_msgs/msg/WrenchStamped',
      'geometry_msgs/msg/PoseStamped',
      'sensor_msgs/msg/JointState',
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
