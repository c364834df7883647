import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import protobuf from 'protobufjs'
import { describe, expect, test } from 'vitest'
import { GzError } from '../../middleware/gazebo/gz-error.js'
import * as messages from '../../middleware/gazebo/gz-messages.js'
import { DISCOVERY } from '../../middleware/gazebo/discovery-packet.js'
import { Schema, type Fields } from '../../middleware/gazebo/proto.js'
import { WrenchReader } from '../../middleware/gazebo/wrench-reader.js'

const IGNITION = '/usr/include/ignition'
const versions = existsSync(IGNITION) ? readdirSync(IGNITION).filter(name => /^msgs\d+$/.test(name)) : []
const protos = versions[0] && join(IGNITION, versions[0])
const TABLES = [...Object.values(messages).filter(value => value instanceof Schema), DISCOVERY] as Schema<Fields>[]

/** Every table, those inside of others too. */
function allTables(): Map<string, Schema<Fields>> {
  const all = new Map<string, Schema<Fields>>()
  const add = (schema: Schema<Fields>): void => {
    all.set(schema.name, schema)
    for (const { kind } of Object.values(schema.fields)) if (kind instanceof Schema) add(kind)
  }
  TABLES.forEach(add)
  return all
}

/** The .proto files that Gazebo's own messages are made of. */
function installed(): protobuf.Root {
  const root = new protobuf.Root()
  root.resolvePath = (_, target) => join(protos ?? '', target)
  const files = [
    'image',
    'camera_info',
    'imu',
    'joint_wrench',
    'pose_v',
    'clock',
    'model',
    'double',
    'boolean',
    'stringmsg',
    'empty',
    'contacts',
    'world_control',
    'world_stats',
    'discovery',
    'entity_factory',
  ]
  root.loadSync(files.map(name => `ignition/msgs/${name}.proto`))
  root.resolveAll()
  return root
}

describe.skipIf(!protos)('against the .proto files of Gazebo', () => {
  test('every field of every table has the number, the type and the count that it has there', () => {
    const root = installed()
    const ours: string[] = []
    const theirs: string[] = []
    for (const [name, { fields }] of allTables()) {
      const type = root.lookupType(`ignition.msgs.${name}`)
      for (const [key, { number, kind, many }] of Object.entries(fields)) {
        const field = type.fieldsById[number]
        ours.push(`${name}.${key.toLowerCase()} = ${number} ${many} ${kind instanceof Schema ? kind.name : kind}`)
        const resolved = field?.resolvedType
        const fieldType =
          resolved instanceof protobuf.Enum
            ? 'enum'
            : (resolved?.fullName.replace('.ignition.msgs.', '') ?? field?.type)
        theirs.push(
          `${name}.${field?.name.replaceAll('_', '').toLowerCase()} = ${number} ${field?.repeated} ${fieldType}`,
        )
      }
    }
    expect(ours).toEqual(theirs)
    expect(ours.length).toBeGreaterThan(90)
  })

  test('each side reads what the other has written', () => {
    const type = installed().lookupType('ignition.msgs.Contacts')
    const contacts = {
      header: { stamp: { sec: 5_000_000_000, nsec: 7 }, data: [{ key: 'frame_id', value: ['palm'] }] },
      contact: [
        {
          collision1: { id: 2 ** 40, name: 'finger', type: 5 },
          position: [
            { x: 1, y: -2, z: 0.5 },
            { x: 0, y: 0, z: 0 },
          ],
          depth: [0.001, -0, 1e300],
          wrench: [{ header: { stamp: { sec: -1, nsec: 1 } } }],
        },
      ],
    }
    const read = messages.CONTACTS.decode(type.encode(type.fromObject(contacts)).finish())
    expect(read).toMatchObject(contacts)
    const written = type.toObject(type.decode(messages.CONTACTS.encode(contacts)), { longs: Number })
    expect(written).toEqual(type.toObject(type.fromObject(contacts), { longs: Number }))
  })
})

describe('messages', () => {
  test('a negative time and one beyond 32 bits come through', () => {
    for (const sec of [0, 1, -1, 2 ** 31, 2 ** 32, -(2 ** 33) - 5, 2 ** 52]) {
      expect(messages.TIME.decode(messages.TIME.encode({ sec, nsec: -3 }))).toEqual({ sec, nsec: -3 })
    }
  })

  test('numbers that come one by one are read as those that come together', () => {
    expect(
      messages.CAMERA_INFO.decode(
        Buffer.concat([
          Buffer.from([(5 << 3) | 2, 18]),
          ...[1, 2].map(value => {
            const bytes = Buffer.alloc(9, (1 << 3) | 1)
            bytes.writeDoubleLE(value, 1)
            return bytes
          }),
        ]),
      ).intrinsics,
    ).toEqual({ k: [1, 2] })
  })

  test('pixels are a view on what was received', () => {
    const bytes = Buffer.from(messages.IMAGE.encode({ width: 2, data: Buffer.from('abcdef') }))
    const { data } = messages.IMAGE.decode(bytes)
    expect(Buffer.from(data).toString()).toBe('abcdef')
    bytes[bytes.indexOf('c')] = 0x7a
    expect(Buffer.from(data).toString()).toBe('abzdef')
  })

  const entry = fc.record({
    key: fc.constantFrom('frame_id', 'seq'),
    value: fc.array(fc.constantFrom('wrist', 'palm', ''), { maxLength: 2 }),
  })
  const vector = fc.option(fc.record({ x: fc.double(), y: fc.double(), z: fc.double() }), { nil: undefined })
  const sample = fc.record({
    header: fc.option(
      fc.record({
        stamp: fc.option(fc.record({ sec: fc.maxSafeInteger(), nsec: fc.integer({ min: -1e9, max: 1e9 }) }), {
          nil: undefined,
        }),
        data: fc.array(entry, { maxLength: 2 }),
      }),
      { nil: undefined },
    ),
    force: vector,
    torque: vector,
  })

  test('the reader of the 1 kHz path reads what the table reads, message after message', () => {
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 6 }), samples => {
        const reader = new WrenchReader()
        for (const bytes of samples.map(message => messages.WRENCH.encode(message))) {
          const { header, force, torque } = messages.WRENCH.decode(bytes)
          expect({ ...reader.decode(bytes) }).toEqual({
            sec: header?.stamp?.sec ?? 0,
            nsec: header?.stamp?.nsec ?? 0,
            frameId: messages.frameOf(header),
            wrench: Float64Array.of(
              force?.x ?? 0,
              force?.y ?? 0,
              force?.z ?? 0,
              torque?.x ?? 0,
              torque?.y ?? 0,
              torque?.z ?? 0,
            ),
          })
        }
      }),
    )
  })

  test('the frame is read from bytes that are no Buffer too', () => {
    const header = { stamp: { sec: 1, nsec: 2 }, data: [{ key: 'frame_id', value: ['wrist'] }] }
    const bytes = Uint8Array.from(messages.WRENCH.encode({ header }))
    expect(new WrenchReader().decode(bytes).frameId).toBe('wrist')
  })

  test('damaged bytes are read or refused with GZ_MESSAGE, by the tables and by the reader', () => {
    const reader = new WrenchReader()
    const header = { stamp: { sec: 1, nsec: 2 }, data: [{ key: 'frame_id', value: ['wrist'] }] }
    const whole = messages.WRENCH.encode({ header, force: { x: 1, y: 2, z: 3 }, torque: { x: 4 } })
    const damaged = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      fc.nat(whole.length).map(length => whole.subarray(0, length)),
      fc
        .tuple(fc.nat(whole.length - 1), fc.nat(255))
        .map(([at, value]) => Uint8Array.from(whole, (byte, index) => (index === at ? value : byte))),
    )
    fc.assert(
      fc.property(damaged, fc.constantFrom(...TABLES, reader), (bytes, decoder) => {
        try {
          decoder.decode(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(GzError)
          const { code, message } = error as GzError
          expect([code, message.startsWith(`${bytes.length} bytes that are no ${decoder.name}: `)]).toEqual([
            'GZ_MESSAGE',
            true,
          ])
        }
        expect(reader.decode(whole)).toMatchObject({
          sec: 1,
          nsec: 2,
          frameId: 'wrist',
          wrench: Float64Array.of(1, 2, 3, 4, 0, 0),
        })
      }),
      { numRuns: 1000 },
    )
  })
})
