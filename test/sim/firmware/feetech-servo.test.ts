import { afterEach, describe, expect, test } from 'vitest'
import { FEETECH, FEETECH_ERROR } from '../../../drivers/feetech/protocol.js'
import { STS3215 } from '../../../drivers/feetech/registers.js'
import { registerBytes } from '../../../drivers/servo/servo-register.js'
import type { ServoRegister } from '../../../drivers/servo/servo-register.js'
import { BROADCAST } from '../../../drivers/servo/servo-protocol.js'
import type { ServoRequest, ServoStatus } from '../../../drivers/servo/servo-protocol.js'
import { FeetechServo } from '../../../sim/firmware/feetech-servo.js'
import type { FeetechServoOptions } from '../../../sim/firmware/feetech-servo.js'
import { startServoHost } from '../../../sim/firmware/servo-host.js'
import type { ServoHost } from '../../../sim/firmware/servo-host.js'
import { ServoLine } from '../../../sim/firmware/servo-line.js'
import { ServoRotor } from '../../../sim/firmware/servo-rotor.js'
import { startVendorClient } from '../../drivers/servo/vendor-client.js'
import type { VendorClient } from '../../drivers/servo/vendor-client.js'

const MS = 1e6

/** Servos on a line in simulated time. */
class Rig {
  readonly rotors: ServoRotor[]
  readonly servos: FeetechServo[]
  readonly line: ServoLine
  time = 0

  constructor(...options: (Omit<FeetechServoOptions, 'plant'> & { readonly angle?: number })[]) {
    this.rotors = options.map(({ angle = 0 }) => new ServoRotor(angle))
    this.servos = options.map((option, index) => new FeetechServo({ ...option, plant: this.rotors[index] }))
    this.line = new ServoLine({ protocol: FEETECH, servos: this.servos })
  }

  run(seconds: number): void {
    for (const end = this.time + seconds * 1e9; this.time < end; ) {
      this.time += MS
      for (const rotor of this.rotors) rotor.step(0.001)
      for (const servo of this.servos) servo.step(this.time)
    }
  }

  /** The packets on the wire and the byte time of each one's end. */
  wire(request: ServoRequest): { bytes: Uint8Array; after: number }[] {
    const sent: { bytes: Uint8Array; after: number }[] = []
    this.line.receive(FEETECH.encodeRequest(request), (bytes, after) =>
      sent.push({ bytes, after: after / this.line.byteTime }),
    )
    return sent
  }

  ask(request: ServoRequest): ServoStatus[] {
    return this.wire(request).flatMap(({ bytes }) => FEETECH.decodeStatus(bytes) ?? [])
  }

  set(id: number, register: ServoRegister, counts: number): void {
    this.ask({ kind: 'write', id, address: register.address, data: registerBytes(register, counts) })
  }
}

describe('an emulated STS3215', () => {
  test('moves to the goal with the speed and the acceleration that the registers name', () => {
    const rig = new Rig({ id: 1 })
    rig.set(1, STS3215.torqueEnable, 1)
    rig.set(1, STS3215.acceleration, 20)
    rig.set(1, STS3215.goalVelocity, 1000)
    rig.set(1, STS3215.goalPosition, 2048)
    rig.run(2)
    expect(rig.servos[0].memory.get('presentPosition')).toBeCloseTo(2048, -1)
    rig.set(1, STS3215.goalPosition, 3048)
    rig.run(1)
    // 1000 steps at 1000 steps/s, of which 0.5 s gain speed and 0.5 s lose it: the motion takes 1.5 s.
    expect(rig.servos[0].memory.get('moving')).toBe(1)
    expect(rig.servos[0].memory.get('presentVelocity')).toBeGreaterThan(900)
    rig.run(0.45)
    expect(rig.servos[0].memory.get('moving')).toBe(1)
    rig.run(0.1)
    expect(rig.servos[0].memory.get('moving')).toBe(0)
    rig.run(0.5)
    expect(rig.servos[0].memory.get('presentPosition')).toBeCloseTo(3048, -1)
    expect(rig.rotors[0].position()).toBeCloseTo((1000 * 2 * Math.PI) / 4096, 2)
  })

  test('keeps to the limits of the position, and turns the other way with the other direction', () => {
    const rig = new Rig({ id: 1, direction: -1, registers: { minPosition: 1500, maxPosition: 2500 } })
    rig.set(1, STS3215.torqueEnable, 1)
    rig.set(1, STS3215.goalPosition, 4000)
    rig.run(2)
    expect(rig.servos[0].memory.get('presentPosition')).toBeCloseTo(2500, -1)
    expect(rig.rotors[0].position()).toBeCloseTo((-452 * 2 * Math.PI) / 4096, 2)
  })

  test('without torque it does not move, and with torque it goes to the goal that was written before', () => {
    const rig = new Rig({ id: 1 })
    rig.set(1, STS3215.goalPosition, 2500)
    rig.run(1)
    expect(rig.servos[0].memory.get('presentPosition')).toBe(2048)
    rig.set(1, STS3215.torqueEnable, 1)
    rig.run(1)
    expect(rig.servos[0].memory.get('presentPosition')).toBeCloseTo(2500, -1)
  })

  test('subtracts the homing offset and wraps the position within a turn', () => {
    const rig = new Rig({ id: 1, zero: 100 })
    rig.set(1, STS3215.homingOffset, -1947)
    rig.run(0.001)
    expect(rig.servos[0].memory.get('presentPosition')).toBe(2047)
    rig.set(1, STS3215.homingOffset, 200)
    rig.run(0.001)
    expect(rig.servos[0].memory.get('presentPosition')).toBe(3996)
  })

  test('with torque enable 128 the present position becomes 2048', () => {
    const rig = new Rig({ id: 1, angle: 0.7 })
    rig.set(1, STS3215.torqueEnable, 128)
    rig.run(0.001)
    expect(rig.servos[0].memory.get('presentPosition')).toBe(2048)
    expect(rig.servos[0].memory.get('torqueEnable')).toBe(0)
  })

  test('with the lock a write to the EEPROM is lost with the power, without it stays; RAM is always lost', () => {
    const rig = new Rig({ id: 1 })
    rig.set(1, STS3215.returnDelay, 0)
    rig.set(1, STS3215.lock, 0)
    rig.set(1, STS3215.maxTemperature, 60)
    rig.set(1, STS3215.acceleration, 50)
    rig.servos[0].powerCycle()
    const memory = rig.servos[0].memory
    expect([memory.get('returnDelay'), memory.get('maxTemperature'), memory.get('acceleration')]).toEqual([250, 60, 0])
  })

  test('does not write what is read-only', () => {
    const rig = new Rig({ id: 1 })
    rig.set(1, STS3215.modelNumber, 1)
    rig.set(1, STS3215.presentTemperature, 99)
    expect(rig.servos[0].memory.get('modelNumber')).toBe(777)
    expect(rig.servos[0].memory.get('presentTemperature')).toBe(25)
  })

  test('a change of the id counts at once, and another baud rate makes it deaf', () => {
    const rig = new Rig({ id: 1 })
    rig.set(1, STS3215.id, 7)
    expect(rig.ask({ kind: 'ping', id: 7 })).toMatchObject([{ id: 7 }])
    expect(rig.ask({ kind: 'ping', id: 1 })).toEqual([])
    rig.set(7, STS3215.baudRate, 4)
    expect(rig.ask({ kind: 'ping', id: 7 })).toEqual([])
  })

  test('at status level 0 it answers to ping and read alone', () => {
    const rig = new Rig({ id: 1, registers: { statusLevel: 0 } })
    expect(rig.ask({ kind: 'write', id: 1, address: 41, data: Uint8Array.of(5) })).toEqual([])
    expect(rig.ask({ kind: 'read', id: 1, address: 41, count: 1 })).toMatchObject([{ data: Uint8Array.of(5) }])
    expect(rig.ask({ kind: 'ping', id: 1 })).toHaveLength(1)
  })

  test('an overloaded servo reports it after its protection time and keeps a part of its torque', () => {
    const rig = new Rig({ id: 1 })
    rig.set(1, STS3215.torqueEnable, 1)
    rig.set(1, STS3215.goalPosition, 2048)
    rig.rotors[0].jammed = true
    rig.set(1, STS3215.goalPosition, 3000)
    rig.run(1.5)
    expect(rig.ask({ kind: 'ping', id: 1 })).toMatchObject([{ error: 0 }])
    rig.run(2)
    expect(rig.ask({ kind: 'ping', id: 1 })).toMatchObject([{ error: FEETECH_ERROR.overload }])
    expect(rig.rotors[0].load()).toBeCloseTo(0.2)
    rig.set(1, STS3215.goalPosition, 2000)
    expect(rig.ask({ kind: 'ping', id: 1 })).toMatchObject([{ error: 0 }])
  })

  test('an overheated servo lets go, and reports it until it is cool', () => {
    const rig = new Rig({ id: 1 })
    rig.set(1, STS3215.torqueEnable, 1)
    rig.servos[0].temperature = 71
    rig.run(0.002)
    expect(rig.ask({ kind: 'ping', id: 1 })).toMatchObject([{ error: FEETECH_ERROR.heat }])
    expect(rig.servos[0].torque).toBe(false)
    rig.servos[0].temperature = 60
    rig.run(0.002)
    expect(rig.ask({ kind: 'ping', id: 1 })).toMatchObject([{ error: 0 }])
    expect(rig.servos[0].torque).toBe(false)
  })

  test('a motor that is held at its stall torque gets hot by itself', () => {
    const rig = new Rig({ id: 1, registers: { overloadTorque: 100, maxTemperature: 26 } })
    rig.set(1, STS3215.torqueEnable, 1)
    rig.rotors[0].jammed = true
    rig.set(1, STS3215.goalPosition, 4000)
    rig.run(1)
    expect(rig.servos[0].torque).toBe(true)
    rig.run(5)
    expect(rig.servos[0].torque).toBe(false)
    expect(rig.servos[0].temperature).toBeGreaterThan(25.9)
  })

  test('a wrong supply voltage is reported', () => {
    const rig = new Rig({ id: 1, supply: 12 })
    expect(rig.ask({ kind: 'ping', id: 1 })).toMatchObject([{ error: FEETECH_ERROR.voltage }])
  })

  test('the latency delays a goal, and the backlash lets the shaft stay behind', () => {
    const rig = new Rig({ id: 1, latency: 20 * MS, backlash: 0.02 })
    rig.set(1, STS3215.goalPosition, 2048)
    rig.set(1, STS3215.torqueEnable, 1)
    rig.run(0.1)
    rig.set(1, STS3215.goalPosition, 2148)
    rig.run(0.019)
    expect(rig.rotors[0].position()).toBeCloseTo(0, 6)
    rig.run(0.5)
    const way = (100 * 2 * Math.PI) / 4096
    expect(rig.rotors[0].position()).toBeCloseTo(way - 0.01, 3)
    rig.set(1, STS3215.goalPosition, 2145)
    rig.run(0.5)
    expect(rig.rotors[0].position()).toBeCloseTo(way - 0.01, 3)
  })
})

describe('an emulated line of servos', () => {
  test('answers a sync read one behind the other, and no further than to a missing servo', () => {
    const rig = new Rig({ id: 1, registers: { returnDelay: 0 } }, { id: 2, registers: { returnDelay: 5 } }, { id: 4 })
    const read = { kind: 'sync read', address: 56, count: 2 } as const
    // 8 bytes an answer; a return delay of 5 counts is 10 us, one byte at 1 Mbaud.
    expect(rig.wire({ ...read, ids: [1, 2] }).map(({ after }) => after)).toEqual([8, 17])
    expect(rig.ask({ ...read, ids: [2, 3, 1] }).map(({ id }) => id)).toEqual([2])
  })

  test('two servos with one id spoil each other where their answers differ', () => {
    const rig = new Rig({ id: 3, angle: 0.4 }, { id: 3, angle: -0.9 })
    const [answer] = rig.wire({ kind: 'read', id: 3, address: 56, count: 2 })
    expect(FEETECH.framing.checks(answer.bytes, 0, answer.bytes.length)).toBe(false)
    expect(rig.line.stats.collisions).toBe(1)
  })

  test('gives the request back with an echo', () => {
    const line = new ServoLine({ protocol: FEETECH, servos: [], echo: true })
    const sent: Uint8Array[] = []
    const ping = FEETECH.encodeRequest({ kind: 'ping', id: 1 })
    line.receive(ping, bytes => sent.push(bytes))
    expect(sent).toEqual([ping])
  })
})

describe("the vendor's Python package on the pseudo-terminal", () => {
  let host: ServoHost | undefined
  let client: VendorClient | undefined
  afterEach(async () => {
    await client?.close()
    await host?.close()
  })

  test('pings, reads, writes, syncs and gets the error bits of three servos', { timeout: 60_000 }, async () => {
    const rotors = [1, 2, 3].map(() => new ServoRotor())
    const servos = rotors.map((plant, index) => new FeetechServo({ id: index + 1, plant }))
    host = startServoHost({ protocol: FEETECH, servos, rotors })
    client = await startVendorClient('feetech', host.path)

    expect(await client.ask({ kind: 'ping', id: 2 })).toMatchObject({ result: 0, error: 0, data: [777] })
    // -6: no status packet came.
    expect(await client.ask({ kind: 'ping', id: 9 })).toMatchObject({ result: -6 })
    expect(await client.ask({ kind: 'write', id: 1, address: 40, data: Uint8Array.of(1) })).toMatchObject({ result: 0 })
    expect(await client.ask({ kind: 'read', id: 1, address: 40, count: 1 })).toMatchObject({ result: 0, data: [1] })

    // A goal on the other side of 0, so that the velocity on the way is negative.
    await client.ask({ kind: 'write_pos_ex', id: 1, position: 1000, speed: 800, acceleration: 0 })
    let fastest = 0
    for (;;) {
      const { data } = await client.ask({ kind: 'read_pos_speed', id: 1 })
      const [position, speed] = data as [number, number]
      fastest = Math.min(fastest, speed)
      if (Math.abs(position - 1000) < 10) break
    }
    expect(fastest).toBeLessThan(-700)

    const entries = [2, 3].map(id => ({ id, data: registerBytes(STS3215.goalPosition, 1000 * id) }))
    expect(await client.ask({ kind: 'sync write', address: 42, entries })).toMatchObject({ result: 0 })
    const goals = await client.ask({ kind: 'sync read', ids: [2, 3], address: 42, count: 2 })
    expect(goals).toMatchObject({
      result: 0,
      data: [
        [0, 0xd0, 0x07],
        [0, 0xb8, 0x0b],
      ],
    })

    await client.ask({ kind: 'registered write', id: 3, address: 41, data: Uint8Array.of(77) })
    expect(await client.ask({ kind: 'read', id: 3, address: 41, count: 1 })).toMatchObject({ data: [0] })
    await client.ask({ kind: 'action', id: BROADCAST })
    expect(await client.ask({ kind: 'read', id: 3, address: 41, count: 1 })).toMatchObject({ data: [77] })

    servos[1].temperature = 90
    servos[1].supply = 3
    const hot = await client.ask({ kind: 'read', id: 2, address: 63, count: 1 })
    expect(hot).toMatchObject({ error: FEETECH_ERROR.heat | FEETECH_ERROR.voltage })
    expect(await client.ask({ kind: 'error_text', error: FEETECH_ERROR.heat })).toMatchObject({
      data: '[ServoStatus] Overheat error!',
    })
    expect(host.line.checksumErrors).toBe(0)
  })
})
