import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { crc16 } from '../../drivers/crc16.js'
import { FrameAssembler } from '../../drivers/frame-assembler.js'
import { decodeRequest, decodeResponse, encodeRequest, encodeResponse, sealed } from '../../drivers/modbus-rtu.js'
import type { ModbusRequest, ModbusResponse } from '../../drivers/modbus-rtu.js'
import { python } from '../sim/firmware/python-path.js'

const UNIT = 9
const u16 = fc.integer({ min: 0, max: 0xffff })
const registers = (most: number): fc.Arbitrary<number[]> => fc.array(u16, { minLength: 1, maxLength: most })
const count = fc.integer({ min: 1, max: 125 })

const request: fc.Arbitrary<ModbusRequest> = fc.oneof(
  fc.record({ function: fc.constantFrom(3 as const, 4 as const), start: u16, count }),
  fc.record({ function: fc.constant(6 as const), register: u16, value: u16 }),
  fc.record({ function: fc.constant(16 as const), start: u16, values: registers(123) }),
  fc.record({ function: fc.constant(23 as const), start: u16, count, writeStart: u16, values: registers(121) }),
)
const response: fc.Arbitrary<ModbusResponse> = fc.oneof(
  fc.record({ function: fc.constantFrom(3 as const, 4 as const, 23 as const), values: registers(125) }),
  fc.record({ function: fc.constant(6 as const), register: u16, value: u16 }),
  fc.record({ function: fc.constant(16 as const), start: u16, count: u16 }),
  fc.record({ function: fc.constantFrom(3, 4, 6, 16, 23), exception: fc.integer({ min: 1, max: 11 }) }),
)
const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))

/** Cuts bytes into chunks whose sizes repeat the list. */
function chunks(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const result: Uint8Array[] = []
  for (let at = 0, index = 0; at < bytes.length; index++) {
    const size = sizes[index % sizes.length]
    result.push(bytes.subarray(at, at + size))
    at += size
  }
  return result
}

describe('CRC-16/MODBUS', () => {
  test('gives the published check value of "123456789"', () => {
    expect(crc16(Buffer.from('123456789'))).toBe(0x4b37)
  })

  test("agrees with modbus-serial's and with pymodbus' own", async () => {
    const samples = fc.sample(fc.uint8Array({ minLength: 1, maxLength: 256 }), 100)
    const { default: other } = (await import('modbus-serial/utils/crc16.js' as string)) as {
      default: (bytes: Buffer) => number
    }
    expect(samples.map(bytes => other(Buffer.from(bytes)))).toEqual(samples.map(bytes => crc16(bytes)))
    const script = [
      'import json, sys',
      'from pymodbus.framer.rtu import FramerRTU',
      'print(json.dumps([FramerRTU.compute_CRC(bytes(b)) for b in json.load(sys.stdin)]))',
    ].join('\n')
    const answer = execFileSync(python(), ['-c', script], {
      input: JSON.stringify(samples.map(bytes => [...bytes])),
      encoding: 'utf8',
    })
    // pymodbus gives the two bytes in the order of the wire.
    const swapped = samples.map(bytes => ((crc16(bytes) & 0xff) << 8) | (crc16(bytes) >>> 8))
    expect(JSON.parse(answer)).toEqual(swapped)
  })
})

describe('the codec', () => {
  test("writes and reads the frames printed in the gripper's manual", () => {
    const reset = { function: 16, start: 0x03e8, values: [0, 0, 0] } as const
    expect(encodeRequest(UNIT, reset)).toEqual(hex('09 10 03 E8 00 03 06 00 00 00 00 00 00 73 30'))
    expect(encodeResponse(UNIT, { function: 16, start: 0x03e8, count: 3 })).toEqual(hex('09 10 03 E8 00 03 01 30'))
    expect(encodeRequest(UNIT, { function: 3, start: 0x07d0, count: 1 })).toEqual(hex('09 03 07 D0 00 01 85 CF'))
    expect(encodeRequest(UNIT, { function: 4, start: 0x07d0, count: 3 })).toEqual(hex('09 04 07 D0 00 03 B1 CE'))
    expect(decodeResponse(hex('09 03 06 B9 00 00 FF BD 00 1D 7C'))).toEqual({
      function: 3,
      values: [0xb900, 0x00ff, 0xbd00],
    })
    const grasp = { function: 16, start: 0x03e8, values: [0x0900, 0x00ff, 0xffff] } as const
    expect(decodeRequest(hex('09 10 03 E8 00 03 06 09 00 00 FF FF FF 42 29'))).toEqual(grasp)
  })

  test('encodes and decodes every request and response without a change', () => {
    fc.assert(
      fc.property(request, response, (asked, answered) => {
        expect(decodeRequest(encodeRequest(UNIT, asked))).toEqual(asked)
        expect(decodeResponse(encodeResponse(UNIT, answered))).toEqual(answered)
      }),
    )
  })

  test('names the exception for a request that breaks the specification', () => {
    expect(decodeRequest(sealed(Uint8Array.of(UNIT, 1, 0, 0, 0, 1, 0, 0)))).toEqual({ function: 1, refuse: 1 })
    expect(decodeRequest(encodeRequest(UNIT, { function: 3, start: 0, count: 0 }))).toEqual({ function: 3, refuse: 3 })
    expect(decodeRequest(encodeRequest(UNIT, { function: 4, start: 0, count: 126 }))).toEqual({
      function: 4,
      refuse: 3,
    })
    const short = encodeRequest(UNIT, { function: 16, start: 0, values: [1, 2] })
    short[5] = 1
    expect(decodeRequest(sealed(short))).toEqual({ function: 16, refuse: 3 })
  })

  test('refuses to encode a frame of more than 256 bytes', () => {
    expect(() => encodeRequest(UNIT, { function: 16, start: 0, values: Array.from({ length: 124 }, () => 0) })).toThrow(
      RangeError,
    )
  })
})

describe.each([
  {
    direction: 'requests' as const,
    frames: fc.array(
      request.map(value => encodeRequest(UNIT, value)),
      { maxLength: 8 },
    ),
  },
  {
    direction: 'responses' as const,
    frames: fc.array(
      response.map(value => encodeResponse(UNIT, value)),
      { maxLength: 8 },
    ),
  },
])('the frame assembler of $direction', ({ direction, frames }) => {
  const sizes = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 10 })

  test('finds the same frames however the bytes are split', () => {
    fc.assert(
      fc.property(frames, sizes, (sent, split) => {
        const assembler = new FrameAssembler({ direction, unit: UNIT })
        const found = chunks(Buffer.concat(sent), split).flatMap(chunk => assembler.push(chunk))
        expect(found.map(frame => [...frame])).toEqual(sent.map(frame => [...frame]))
        expect(assembler.crcErrors).toBe(0)
        expect(assembler.discarded).toBe(0)
      }),
    )
  })

  test('survives any garbage between frames', () => {
    // Garbage that contains the first bytes of frames is the hardest case.
    const byte = fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(UNIT, 3, 16, 23, 0x83, 0xff))
    const garbage = fc.array(byte, { maxLength: 400 }).map(bytes => Uint8Array.from(bytes))
    fc.assert(
      fc.property(frames, fc.array(garbage, { minLength: 9, maxLength: 9 }), sizes, (sent, noise, split) => {
        const assembler = new FrameAssembler({ direction, unit: UNIT })
        const wire = Buffer.concat(sent.flatMap((frame, index) => [noise[index], frame]))
        const found = chunks(wire, split).flatMap(chunk => assembler.push(chunk))
        expect(found.map(frame => [...frame])).toEqual(sent.map(frame => [...frame]))
      }),
      // Random garbage holds a frame with a right CRC once in millions of bytes: a fixed seed keeps that out.
      { numRuns: 300, seed: 4 },
    )
  })

  test('drops a damaged frame, counts it, and finds the next', () => {
    const asked = encodeRequest(UNIT, { function: 3, start: 1, count: 2 })
    const whole = direction === 'requests' ? asked : encodeResponse(UNIT, { function: 3, values: [1, 2] })
    fc.assert(
      fc.property(fc.integer({ min: 3, max: whole.length - 1 }), fc.integer({ min: 0, max: 7 }), (at, bit) => {
        const damaged = whole.slice()
        damaged[at] ^= 1 << bit
        const assembler = new FrameAssembler({ direction, unit: UNIT })
        expect(assembler.push(Buffer.concat([damaged, whole, whole])).map(frame => [...frame])).toEqual([
          [...whole],
          [...whole],
        ])
        expect(assembler.crcErrors).toBe(1)
      }),
    )
  })

  test("skips another unit's frames", () => {
    const asked = encodeRequest(8, { function: 6, register: 1, value: 2 })
    const other = direction === 'requests' ? asked : encodeResponse(8, { function: 3, values: [4] })
    const assembler = new FrameAssembler({ direction, unit: UNIT })
    expect(assembler.push(other)).toEqual([])
    expect(assembler.discarded).toBe(other.length)
  })
})
