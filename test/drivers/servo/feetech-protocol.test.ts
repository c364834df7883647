import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FEETECH } from '../../../drivers/feetech/protocol.js'
import { PacketAssembler } from '../../../drivers/servo/packet-assembler.js'
import { chunks, request, status } from './servo-requests.js'

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))
const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 })
const asked = request(200)
const answered = status(fc.integer({ min: 0, max: 0x7f }))
const packet = fc.oneof(asked.map(FEETECH.encodeRequest), answered.map(FEETECH.encodeStatus))

describe('the codec of Feetech servos', () => {
  test('writes and reads the packets that the protocol manual prints', () => {
    expect(FEETECH.encodeRequest({ kind: 'ping', id: 1 })).toEqual(hex('FF FF 01 02 01 FB'))
    expect(FEETECH.encodeRequest({ kind: 'read', id: 1, address: 0x38, count: 2 })).toEqual(
      hex('FF FF 01 04 02 38 02 BE'),
    )
    // Position 2048 at 1000 steps a second.
    const goal = { kind: 'write', id: 1, address: 0x2a, data: hex('00 08 00 00 E8 03') } as const
    expect(FEETECH.encodeRequest(goal)).toEqual(hex('FF FF 01 09 03 2A 00 08 00 00 E8 03 D5'))
    const both = { kind: 'sync read', ids: [1, 2], address: 0x38, count: 8 } as const
    expect(FEETECH.encodeRequest(both)).toEqual(hex('FF FF FE 06 82 38 08 01 02 36'))
    expect(FEETECH.decodeStatus(hex('FF FF 01 04 00 18 05 DD'))).toEqual({ id: 1, error: 0, data: hex('18 05') })
  })

  test('encodes and decodes every request and status without a change', () => {
    fc.assert(
      fc.property(asked, answered, (one, other) => {
        expect(FEETECH.decodeRequest(FEETECH.encodeRequest(one))).toEqual(one)
        expect(FEETECH.decodeStatus(FEETECH.encodeStatus(other))).toEqual(other)
        expect(FEETECH.encodeStatus(other)).toHaveLength(FEETECH.statusLength(other.data.length))
      }),
    )
  })

  test('finds the same packets however the bytes are split', () => {
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 8 }), sizes, (sent, split) => {
        const assembler = new PacketAssembler(FEETECH.framing)
        const found = chunks(Buffer.concat(sent), split).flatMap(chunk => assembler.push(chunk))
        expect(found.map(one => [...one])).toEqual(sent.map(one => [...one]))
        expect(assembler).toMatchObject({ checksumErrors: 0, discarded: 0, pending: 0 })
      }),
    )
  })

  test('finds what follows garbage in the same way however the bytes are split', () => {
    const garbage = fc.uint8Array({ maxLength: 60 })
    fc.assert(
      fc.property(fc.array(fc.oneof(packet, garbage), { maxLength: 8 }), sizes, (parts, split) => {
        const wire = Buffer.concat(parts)
        const whole = new PacketAssembler(FEETECH.framing)
        const cut = new PacketAssembler(FEETECH.framing)
        const found = chunks(wire, split).flatMap(chunk => cut.push(chunk))
        expect(found).toEqual(whole.push(wire))
        expect(cut.checksumErrors).toBe(whole.checksumErrors)
        expect(cut.discarded + cut.pending).toBe(whole.discarded + whole.pending)
      }),
    )
  })

  test('finds every packet behind bytes that start no packet', () => {
    const noise = fc.array(fc.integer({ min: 0, max: 0xfe }), { maxLength: 30 }).map(bytes => Uint8Array.from(bytes))
    fc.assert(
      fc.property(fc.array(fc.tuple(noise, packet), { maxLength: 6 }), sizes, (parts, split) => {
        const assembler = new PacketAssembler(FEETECH.framing)
        const found = chunks(Buffer.concat(parts.flat()), split).flatMap(chunk => assembler.push(chunk))
        expect(found.map(one => [...one])).toEqual(parts.map(([, one]) => [...one]))
      }),
    )
  })

  test('drops a packet with a damaged byte and counts it', () => {
    const whole = FEETECH.encodeStatus({ id: 3, error: 0, data: hex('01 02 03') })
    for (let at = 4; at < whole.length; at++) {
      const damaged = whole.slice()
      damaged[at] ^= 0x10
      const assembler = new PacketAssembler(FEETECH.framing)
      expect(assembler.push(Buffer.concat([damaged, whole])).map(one => [...one])).toEqual([[...whole]])
      expect(assembler.checksumErrors).toBe(1)
    }
  })

  test('refuses a request that is too long, and one that the protocol lacks', () => {
    const entries = Array.from({ length: 40 }, (_, id) => ({ id, data: new Uint8Array(8) }))
    expect(() => FEETECH.encodeRequest({ kind: 'sync write', address: 42, entries })).toThrow(RangeError)
    expect(() => FEETECH.encodeRequest({ kind: 'reboot', id: 1 })).toThrow('no instruction to reboot')
  })

  test('says in words what an error byte means', () => {
    expect(FEETECH.condition(0)).toBe('')
    expect(FEETECH.condition(0x24)).toBe('it is too hot, it is overloaded')
  })
})
