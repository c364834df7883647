import { afterEach, describe, expect, test } from 'vitest'
import { ALERT, DYNAMIXEL, DYNAMIXEL_ERROR } from '../../../drivers/dynamixel/protocol.js'
import { HARDWARE_ERROR } from '../../../drivers/dynamixel/registers.js'
import { XL330 } from '../../../drivers/dynamixel/x-series.js'
import { BROADCAST } from '../../../drivers/servo/servo-protocol.js'
import type { ServoRequest, ServoStatus } from '../../../drivers/servo/servo-protocol.js'
import { registerBytes } from '../../../drivers/servo/servo-register.js'
import type { ServoRegister } from '../../../drivers/servo/servo-register.js'
import { DynamixelServo } from '../../../sim/firmware/dynamixel-servo.js'
import type { DynamixelServoOptions } from '../../../sim/firmware/dynamixel-servo.js'
import { startServoHost } from '../../../sim/firmware/servo-host.js'
import type { ServoHost } from '../../../sim/firmware/servo-host.js'
import { ServoLine } from '../../../sim/firmware/servo-line.js'
import { ServoRotor } from '../../../sim/firmware/servo-rotor.js'
import { startVendorClient } from '../../drivers/servo/vendor-client.js'
import type { VendorClient } from '../../drivers/servo/vendor-client.js'

/** One servo with the id 1 on a line in simulated time. */
class Rig {
  readonly rotor = new ServoRotor()
  readonly servo: DynamixelServo
  readonly line: ServoLine
  time = 0

  constructor(options: Partial<DynamixelServoOptions> = {}) {
    this.servo = new DynamixelServo({ id: 1, ...options, plant: this.rotor })
    this.line = new ServoLine({ protocol: DYNAMIXEL, servos: [this.servo] })
  }

  run(seconds: number): void {
    for (const end = this.time + seconds * 1e9; this.time < end; ) {
      this.time += 1e6
      this.rotor.step(0.001)
      this.servo.step(this.time)
    }
  }

  ask(request: ServoRequest): ServoStatus | undefined {
    let status: ServoStatus | undefined
    this.line.receive(DYNAMIXEL.encodeRequest(request), bytes => {
      status = DYNAMIXEL.decodeStatus(bytes)
    })
    return status
  }

  /** The error of the answer. */
  set(register: ServoRegister, counts: number): number | undefined {
    return this.ask({ kind: 'write', id: 1, address: register.address, data: registerBytes(register, counts) })?.error
  }
}

describe('an emulated XL330', () => {
  test('moves to the goal with the speed that the register names', () => {
    const rig = new Rig()
    rig.set(XL330.torqueEnable, 1)
    // 83 counts of 0.229 rev/min are 1.990 rad/s.
    rig.set(XL330.profileVelocity, 83)
    expect(rig.set(XL330.goalPosition, 3048)).toBe(0)
    rig.run(0.5)
    expect(rig.servo.memory.get('presentVelocity')).toBeGreaterThan(75)
    expect(rig.servo.memory.get('presentVelocity')).toBeLessThan(85)
    expect(rig.servo.memory.get('moving')).toBe(1)
    rig.run(1.5)
    expect(rig.servo.memory.get('presentPosition')).toBeCloseTo(3048, -1)
    expect(rig.servo.memory.get('moving')).toBe(0)
  })

  test('refuses what the access rules forbid', () => {
    const rig = new Rig({ registers: { minPosition: 1000, maxPosition: 3000 } })
    expect(rig.set(XL330.presentPosition, 1)).toBe(DYNAMIXEL_ERROR.access)
    expect(rig.set(XL330.goalPosition, 3001)).toBe(DYNAMIXEL_ERROR.limit)
    expect(rig.servo.memory.get('goalPosition')).toBe(2048)
    expect(rig.ask({ kind: 'write', id: 1, address: XL330.goalPosition.address, data: Uint8Array.of(1) })?.error).toBe(
      DYNAMIXEL_ERROR.length,
    )
    expect(rig.ask({ kind: 'read', id: 1, address: 600, count: 1 })?.error).toBe(DYNAMIXEL_ERROR.access)
    expect(rig.set(XL330.homingOffset, 5)).toBe(0)
    rig.set(XL330.torqueEnable, 1)
    expect(rig.set(XL330.homingOffset, 6)).toBe(DYNAMIXEL_ERROR.access)
    expect(rig.servo.memory.get('homingOffset')).toBe(5)
  })

  test('adds the homing offset, and in position mode none beyond 1024', () => {
    const rig = new Rig()
    rig.set(XL330.homingOffset, -100)
    rig.run(0.001)
    expect(rig.servo.memory.get('presentPosition')).toBe(1948)
    rig.set(XL330.homingOffset, 1025)
    rig.run(0.001)
    expect(rig.servo.memory.get('presentPosition')).toBe(2048)
    rig.set(XL330.operatingMode, 4)
    rig.run(0.001)
    expect(rig.servo.memory.get('presentPosition')).toBe(3073)
  })

  test('answers as the status return level says', () => {
    const rig = new Rig()
    rig.set(XL330.statusLevel, 0)
    expect(rig.ask({ kind: 'read', id: 1, address: 0, count: 2 })).toBeUndefined()
    expect(rig.ask({ kind: 'ping', id: 1 })?.data).toEqual(Uint8Array.of(0xb0, 0x04, 46))
    rig.set(XL330.statusLevel, 1)
    expect(rig.ask({ kind: 'read', id: 1, address: 0, count: 2 })?.data).toEqual(Uint8Array.of(0xb0, 0x04))
    expect(rig.set(XL330.led, 1)).toBeUndefined()
  })

  test('switches itself off in an overload and stays so until it is rebooted, which takes its time', () => {
    const rig = new Rig()
    rig.set(XL330.torqueEnable, 1)
    rig.rotor.jammed = true
    rig.set(XL330.goalPosition, 3000)
    rig.run(2)
    expect(rig.servo.torque).toBe(false)
    expect(rig.ask({ kind: 'ping', id: 1 })?.error).toBe(ALERT)
    expect(rig.servo.memory.get('hardwareError')).toBe(HARDWARE_ERROR.overload)
    rig.rotor.jammed = false
    rig.set(XL330.torqueEnable, 1)
    expect(rig.servo.torque).toBe(false)
    expect(rig.ask({ kind: 'reboot', id: 1 })?.error).toBe(ALERT)
    rig.run(0.1)
    expect(rig.ask({ kind: 'ping', id: 1 })).toBeUndefined()
    rig.run(0.2)
    expect(rig.ask({ kind: 'ping', id: 1 })?.error).toBe(0)
    expect(rig.set(XL330.torqueEnable, 1)).toBe(0)
    expect(rig.servo.torque).toBe(true)
  })
})

describe("the vendor's Python package on the pseudo-terminal", () => {
  let host: ServoHost | undefined
  let client: VendorClient | undefined
  afterEach(async () => {
    await client?.close()
    await host?.close()
  })

  test('pings, reads, writes, syncs, reboots and gets the errors of three servos', { timeout: 60_000 }, async () => {
    const rotors = [1, 2, 3].map(() => new ServoRotor())
    const servos = rotors.map((plant, index) => new DynamixelServo({ id: index + 1, plant }))
    host = startServoHost({ protocol: DYNAMIXEL, servos, rotors })
    client = await startVendorClient('dynamixel', host.path)

    expect(await client.ask({ kind: 'ping', id: 2 })).toMatchObject({ result: 0, error: 0, data: [1200] })
    expect(await client.ask({ kind: 'broadcast ping' })).toMatchObject({
      result: 0,
      data: { 1: [1200, 46], 2: [1200, 46], 3: [1200, 46] },
    })
    const torque = { kind: 'write', address: XL330.torqueEnable.address, data: Uint8Array.of(1) } as const
    expect(await client.ask({ ...torque, id: 1 })).toMatchObject({ result: 0, error: 0 })
    expect(await client.ask({ kind: 'read', id: 1, address: XL330.torqueEnable.address, count: 1 })).toMatchObject({
      data: [1],
    })
    // Access error: the EEPROM while there is torque.
    expect(await client.ask({ kind: 'write', id: 1, address: 9, data: Uint8Array.of(0) })).toMatchObject({ error: 7 })

    const entries = [1, 2, 3].map(id => ({ id, data: registerBytes(XL330.goalPosition, 1000 + id) }))
    expect(await client.ask({ kind: 'sync write', address: XL330.goalPosition.address, entries })).toMatchObject({
      result: 0,
    })
    expect(
      await client.ask({ kind: 'sync read', ids: [3, 1, 2], address: XL330.goalPosition.address, count: 4 }),
    ).toMatchObject({
      result: 0,
      data: [
        [0xeb, 3, 0, 0],
        [0xe9, 3, 0, 0],
        [0xea, 3, 0, 0],
      ],
    })
    for (;;) {
      const { data } = await client.ask({ kind: 'read', id: 1, address: XL330.presentPosition.address, count: 4 })
      const [low, high] = data as number[]
      if (Math.abs(low + 256 * high - 1001) < 10) break
    }

    // A value with the bytes of a header in it.
    const header = Uint8Array.of(0xff, 0xff, 0xfd, 0x00)
    await client.ask({ kind: 'registered write', id: 3, address: XL330.profileVelocity.address, data: header })
    await client.ask({ kind: 'action', id: BROADCAST })
    expect(await client.ask({ kind: 'read', id: 3, address: XL330.profileVelocity.address, count: 4 })).toMatchObject({
      data: [0xff, 0xff, 0xfd, 0x00],
    })

    servos[1].temperature = 90
    for (;;) {
      const { error } = await client.ask({ kind: 'ping', id: 2 })
      if (error === ALERT) break
    }
    expect(await client.ask({ kind: 'error text', error: ALERT })).toMatchObject({
      data: expect.stringContaining('Hardware error') as string,
    })
    servos[1].temperature = 30
    expect(await client.ask({ kind: 'reboot', id: 2 })).toMatchObject({ result: 0 })
    expect(await client.ask({ kind: 'read', id: 1, address: 0, count: 2 })).toMatchObject({ result: 0, error: 0 })
    expect(host.line.checksumErrors).toBe(0)
  })
})
