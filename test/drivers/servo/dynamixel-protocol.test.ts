import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dynamixelCrc } from '../../../drivers/dynamixel/crc.js'
import { DYNAMIXEL } from '../../../drivers/dynamixel/protocol.js'
import { SERVO_MODELS } from '../../../drivers/servo/servo-models.js'
import { PacketAssembler } from '../../../drivers/servo/packet-assembler.js'
import { python } from '../../sim/firmware/python-path.js'
import { chunks, request, status } from './servo-requests.js'

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))
const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 })
const asked = request(700)
const answered = status(fc.integer({ min: 0, max: 0xff }))
const packet = fc.oneof(asked.map(DYNAMIXEL.encodeRequest), answered.map(DYNAMIXEL.encodeStatus))

describe('the CRC of Dynamixel Protocol 2.0', () => {
  test('gives the published check value of CRC-16/UMTS for "123456789"', () => {
    expect(dynamixelCrc(Buffer.from('123456789'))).toBe(0xfee8)
  })

  test("agrees with the vendor's Python package", () => {
    const samples = fc.sample(fc.uint8Array({ minLength: 1, maxLength: 200 }), 100)
    const script = [
      'import json, sys',
      'from dynamixel_sdk import PacketHandler',
      'handler = PacketHandler(2.0)',
      'print(json.dumps([handler.updateCRC(0, b, len(b)) for b in json.load(sys.stdin)]))',
    ].join('\n')
    const answer = execFileSync(python(), ['-c', script], {
      input: JSON.stringify(samples.map(bytes => [...bytes])),
      encoding: 'utf8',
    })
    expect(JSON.parse(answer)).toEqual(samples.map(bytes => dynamixelCrc(bytes)))
  })
})

describe('the codec of Dynamixel servos', () => {
  test('writes and reads the packets that the e-Manual prints', () => {
    expect(DYNAMIXEL.encodeRequest({ kind: 'ping', id: 1 })).toEqual(hex('FF FF FD 00 01 03 00 01 19 4E'))
    expect(DYNAMIXEL.decodeStatus(hex('FF FF FD 00 01 07 00 55 00 06 04 26 65 5D'))).toEqual({
      id: 1,
      error: 0,
      data: hex('06 04 26'),
    })
    expect(DYNAMIXEL.encodeRequest({ kind: 'read', id: 1, address: 132, count: 4 })).toEqual(
      hex('FF FF FD 00 01 07 00 02 84 00 04 00 1D 15'),
    )
    expect(DYNAMIXEL.encodeRequest({ kind: 'write', id: 1, address: 116, data: hex('00 02 00 00') })).toEqual(
      hex('FF FF FD 00 01 09 00 03 74 00 00 02 00 00 CA 89'),
    )
    expect(DYNAMIXEL.encodeRequest({ kind: 'sync read', ids: [1, 2], address: 132, count: 4 })).toEqual(
      hex('FF FF FD 00 FE 09 00 82 84 00 04 00 01 02 CE FA'),
    )
    expect(DYNAMIXEL.encodeRequest({ kind: 'reboot', id: 1 })).toEqual(hex('FF FF FD 00 01 03 00 08 2F 4E'))
  })

  test('encodes and decodes every request and status without a change', () => {
    fc.assert(
      fc.property(asked, answered, (one, other) => {
        expect(DYNAMIXEL.decodeRequest(DYNAMIXEL.encodeRequest(one))).toEqual(one)
        const bytes = DYNAMIXEL.encodeStatus(other)
        expect(DYNAMIXEL.decodeStatus(bytes)).toEqual(other)
        expect(bytes.length).toBeLessThanOrEqual(DYNAMIXEL.statusLength(other.data.length))
      }),
    )
  })

  test('writes no header within a packet', () => {
    fc.assert(
      fc.property(packet, bytes => {
        expect(Buffer.from(bytes.subarray(4, -2)).indexOf(hex('FF FF FD 00'))).toBe(-1)
      }),
      { numRuns: 500 },
    )
  })

  test('finds the same packets however the bytes are split', () => {
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 8 }), sizes, (sent, split) => {
        const assembler = new PacketAssembler(DYNAMIXEL.framing)
        const found = chunks(Buffer.concat(sent), split).flatMap(chunk => assembler.push(chunk))
        expect(found.map(one => [...one])).toEqual(sent.map(one => [...one]))
        expect(assembler).toMatchObject({ checksumErrors: 0, discarded: 0, pending: 0 })
      }),
    )
  })

  test('finds every packet behind bytes that start no packet', () => {
    const noise = fc.array(fc.integer({ min: 0, max: 0xfe }), { maxLength: 30 }).map(bytes => Uint8Array.from(bytes))
    fc.assert(
      fc.property(fc.array(fc.tuple(noise, packet), { maxLength: 6 }), sizes, (parts, split) => {
        const assembler = new PacketAssembler(DYNAMIXEL.framing)
        const found = chunks(Buffer.concat(parts.flat()), split).flatMap(chunk => assembler.push(chunk))
        expect(found.map(one => [...one])).toEqual(parts.map(([, one]) => [...one]))
      }),
    )
  })

  test('says in words why a servo refused a request', () => {
    expect(DYNAMIXEL.refusal(0x80)).toBe('')
    expect(DYNAMIXEL.refusal(0x86)).toBe('the value is beyond its limit')
    expect(DYNAMIXEL.condition(6)).toBe('')
  })
})

describe("the control tables have the addresses and sizes of the vendor's package", () => {
  /** The vendor's names where they differ from ours in more than their writing. */
  const NAMES: Readonly<Record<string, string>> = {
    'Secondary(Shadow) ID': 'secondaryId',
    'Temperature Limit': 'maxTemperature',
    'Max Voltage Limit': 'maxVoltage',
    'Min Voltage Limit': 'minVoltage',
    'Max Position Limit': 'maxPosition',
    'Min Position Limit': 'minPosition',
    'Return Delay Time': 'returnDelay',
    LED: 'led',
    ID: 'id',
    'Status Return Level': 'statusLevel',
    'Registered Instruction': 'registered',
    'Hardware Error Status': 'hardwareError',
    'Position D Gain': 'positionD',
    'Position I Gain': 'positionI',
    'Position P Gain': 'positionP',
    'Goal PWM': 'goalPwm',
    'PWM Limit': 'pwmLimit',
    'Present PWM': 'presentPwm',
    'Present Current': 'presentLoad',
    'Present Input Voltage': 'presentVoltage',
    'Goal Velocity': 'ownGoalVelocity',
  }

  test.each([
    ['xl330', 'xl330_m288'],
    ['xl430', 'xl430_w250'],
    ['xm430', 'xm430_w350'],
  ])('%s', (name, file) => {
    const folder = execFileSync(
      python(),
      ['-c', 'import dynamixel_easy_sdk, os; print(os.path.dirname(dynamixel_easy_sdk.__file__))'],
      { encoding: 'utf8' },
    ).trim()
    const text = readFileSync(join(folder, 'control_table', `${file}.model`), 'utf8')
    const rows = text.slice(text.indexOf('[control table]')).trim().split(/\r?\n/).slice(2)
    const camel = (words: string): string => words[0].toLowerCase() + words.slice(1).replaceAll(' ', '')
    const theirs = new Map(
      rows.map(row => {
        const [address, size, words] = row.split('\t')
        return [NAMES[words] ?? camel(words), { address: Number(address), size: Number(size) }]
      }),
    )
    const ours = Object.entries(SERVO_MODELS.get(name)?.registers ?? {})
    const shared = ours.filter(([register]) => theirs.has(register))
    expect(shared.length).toBeGreaterThanOrEqual(40)
    for (const [register, { address, size }] of shared)
      expect({ register, address, size }).toEqual({ register, ...theirs.get(register) })
    const scale = SERVO_MODELS.get(name)?.registers.presentVelocity.scale ?? 0
    const unit = Number(/Present Velocity\t([\d.]+)/.exec(text)?.[1])
    expect(Math.abs(scale / unit - 1)).toBeLessThan(0.001)
  })
})
