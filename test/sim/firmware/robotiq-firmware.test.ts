import { expect, test } from 'vitest'
import { FrameAssembler } from '../../../drivers/frame-assembler.js'
import { decodeResponse, encodeRequest, sealed } from '../../../drivers/modbus-rtu.js'
import type { ModbusRequest, ModbusResponse } from '../../../drivers/modbus-rtu.js'
import { RobotiqFirmware } from '../../../sim/firmware/robotiq-firmware.js'
import type { FirmwareOptions } from '../../../sim/firmware/robotiq-firmware.js'
import { SpringPlant } from '../../../sim/firmware/spring-plant.js'

/** Firmware, spring fingers and simulated time; a client that talks to it without a wire. */
class Bench {
  readonly plant = new SpringPlant()
  readonly firmware: RobotiqFirmware
  #ms = 0

  constructor(options: Omit<FirmwareOptions, 'plant'> = {}) {
    this.firmware = new RobotiqFirmware({ plant: this.plant, ...options })
  }

  run(ms: number): void {
    for (const end = this.#ms + ms; this.#ms < end; ) {
      this.plant.step(1e-3)
      this.firmware.step(++this.#ms * 1e6)
    }
  }

  /** Runs as `run` does, with the status asked for often enough to keep the wire from being quiet. */
  pollFor(ms: number): void {
    for (let left = ms; left > 0; left -= 500) {
      this.run(Math.min(left, 500))
      this.status()
    }
  }

  raw(bytes: Uint8Array): Uint8Array[] {
    const replies: Uint8Array[] = []
    this.firmware.receive(bytes, reply => replies.push(reply))
    return replies
  }

  ask(request: ModbusRequest): ModbusResponse {
    const assembler = new FrameAssembler({ direction: 'responses', unit: 9 })
    const frames = this.raw(encodeRequest(9, request)).flatMap(bytes => assembler.push(bytes))
    const response = frames.length === 1 ? decodeResponse(frames[0]) : undefined
    if (response === undefined) throw new Error(`${frames.length} frames in answer`)
    return response
  }

  write(action: number, position = 0, speed = 255, force = 0): void {
    const response = this.ask({ function: 16, start: 0x03e8, values: [action << 8, position, (speed << 8) | force] })
    expect(response).toEqual({ function: 16, start: 0x03e8, count: 3 })
  }

  /** The six status bytes, by the manual's table. */
  status(): { act: number; gto: number; sta: number; obj: number; flt: number; pr: number; po: number; cu: number } {
    const response = this.ask({ function: 3, start: 0x07d0, count: 3 })
    if (!('values' in response)) throw new Error('refused')
    const [a, b, c] = response.values
    const bits = a >> 8
    const state = { act: bits & 1, gto: (bits >> 3) & 1, sta: (bits >> 4) & 3, obj: bits >> 6 }
    return { ...state, flt: b >> 8, pr: b & 0xff, po: c >> 8, cu: c & 0xff }
  }

  activate(): void {
    this.write(1)
    this.pollFor(1500)
    expect(this.status()).toMatchObject({ act: 1, sta: 3, flt: 0 })
  }
}

test('activation closes and opens the fingers, with gSTA 0, then 1, then 3', () => {
  const bench = new Bench()
  bench.run(10)
  expect(bench.status()).toMatchObject({ act: 0, sta: 0, flt: 0 })
  bench.write(1)
  expect(bench.status()).toMatchObject({ act: 1, sta: 1 })
  bench.run(600)
  expect(bench.plant.width()).toBeLessThan(0.01)
  expect(bench.status()).toMatchObject({ sta: 1 })
  bench.run(900)
  expect(bench.plant.width()).toBeCloseTo(0.085, 3)
  expect(bench.status()).toMatchObject({ sta: 3, flt: 0 })
})

test('fingers that cannot open end the activation in fault 0x0D, until a reset', () => {
  const bench = new Bench()
  bench.plant.wall = 0.04
  bench.write(1)
  bench.run(3000)
  expect(bench.status()).toMatchObject({ sta: 0, flt: 0x0d })
  bench.write(9, 128)
  expect(bench.status().flt).toBe(0x0d)
  bench.plant.wall = 0.085
  bench.write(0)
  expect(bench.status().flt).toBe(0)
  bench.activate()
})

test('a move goes to the position at the speed asked for, then reports gOBJ 3', () => {
  const bench = new Bench({ initial: 'activated' })
  bench.write(9, 255, 0)
  expect(bench.status()).toMatchObject({ gto: 1, obj: 0, pr: 255 })
  // At speed byte 0 the fingers close at 20 mm/s.
  bench.run(1000)
  expect(bench.plant.width()).toBeCloseTo(0.085 - 0.02, 3)
  expect(bench.status()).toMatchObject({ obj: 0, po: 60 })
  expect(bench.status().cu).toBeGreaterThan(0)
  bench.run(3500)
  expect(bench.status()).toMatchObject({ obj: 3, po: 255, cu: 0 })
})

test('fingers stopped by an object report gOBJ 2 and a current that grows with the force', () => {
  const currents = [0, 128, 255].map(force => {
    const bench = new Bench({ initial: 'activated' })
    bench.plant.object = 0.04
    bench.write(9, 255, 255, force)
    bench.run(1000)
    const newtons = 20 + (215 * force) / 255
    expect(bench.plant.force()).toBeCloseTo(newtons, 3)
    const status = bench.status()
    expect(status).toMatchObject({ obj: 2, sta: 3, flt: 0 })
    expect(status.po).toBeCloseTo(255 * (1 - (0.04 - newtons / 20_000) / 0.085), -0.5)
    return status.cu
  })
  expect(currents[1] / currents[0]).toBeCloseTo(127.9 / 20, 0)
  expect(currents[2]).toBeGreaterThan(currents[1])
})

test('an object that is drawn away is noticed: the fingers go on and end at gOBJ 3', () => {
  const bench = new Bench({ initial: 'activated' })
  bench.plant.object = 0.04
  bench.write(9, 255)
  bench.run(1000)
  expect(bench.status().obj).toBe(2)
  bench.plant.object = 0
  bench.run(50)
  expect(bench.status().obj).toBe(0)
  bench.run(1000)
  expect(bench.status().obj).toBe(3)
})

test('a stop while opening against a wall reports gOBJ 1', () => {
  const bench = new Bench({ initial: 'activated' })
  bench.write(9, 200)
  bench.run(1000)
  bench.plant.wall = 0.05
  bench.write(9, 0)
  bench.run(1000)
  expect(bench.status().obj).toBe(1)
})

test('clearing rGTO stops the fingers where they are', () => {
  const bench = new Bench({ initial: 'activated' })
  bench.write(9, 255, 0)
  bench.run(1000)
  bench.write(1, 255, 0)
  const width = bench.plant.width()
  bench.run(1000)
  expect(bench.plant.width()).toBe(width)
  expect(bench.status()).toMatchObject({ gto: 0, sta: 3 })
})

test('the same command again does not start the motion anew', () => {
  const bench = new Bench({ initial: 'activated' })
  bench.plant.object = 0.04
  bench.write(9, 255)
  bench.run(1000)
  bench.write(9, 255)
  expect(bench.status().obj).toBe(2)
  expect(bench.plant.commands.length).toBe(1)
})

test('an action without activation is fault 0x07, one during the activation 0x05 and done afterwards', () => {
  const bench = new Bench()
  bench.write(8, 255)
  bench.run(100)
  expect(bench.status()).toMatchObject({ sta: 0, flt: 7 })
  expect(bench.plant.width()).toBe(0.085)
  bench.write(1)
  bench.run(100)
  bench.write(9, 128)
  expect(bench.status()).toMatchObject({ sta: 1, flt: 5 })
  bench.pollFor(3000)
  expect(bench.status()).toMatchObject({ sta: 3, flt: 0, obj: 3, po: 128 })
})

test('a wire that was quiet for a second of simulated time is fault 0x09, once', () => {
  const bench = new Bench({ initial: 'activated' })
  bench.run(10)
  bench.status()
  bench.run(900)
  expect(bench.status().flt).toBe(0)
  bench.run(1100)
  expect(bench.status().flt).toBe(9)
  expect(bench.status().flt).toBe(0)
})

test('an automatic release opens slowly with fault 0x0B, ends with 0x0F, and needs a reset', () => {
  const bench = new Bench({ initial: 'activated' })
  bench.write(9, 255)
  bench.run(1000)
  bench.write(0x31)
  bench.run(1000)
  expect(bench.status().flt).toBe(0x0b)
  bench.run(4000)
  expect(bench.status()).toMatchObject({ sta: 0, flt: 0x0f })
  expect(bench.plant.width()).toBeCloseTo(0.085, 3)
  bench.write(0)
  bench.activate()
})

test('a major fault stops the fingers and lasts until a reset', () => {
  const bench = new Bench({ initial: 'activated' })
  bench.write(9, 255, 0)
  bench.run(500)
  bench.firmware.fail(0x0e)
  const width = bench.plant.width()
  bench.run(500)
  expect(bench.plant.width()).toBe(width)
  expect(bench.status()).toMatchObject({ sta: 0, flt: 0x0e })
  bench.write(0)
  expect(bench.status().flt).toBe(0)
})

test('illegal function, address and value are answered by exceptions 1, 2 and 3, and change nothing', () => {
  const bench = new Bench({ initial: 'activated' })
  const refused = (request: ModbusRequest): number | undefined => {
    const response = bench.ask(request)
    return 'exception' in response ? response.exception : undefined
  }
  expect(refused({ function: 3, start: 0x0000, count: 1 })).toBe(2)
  expect(refused({ function: 4, start: 0x07d0, count: 9 })).toBe(2)
  expect(refused({ function: 6, register: 0x07d0, value: 1 })).toBe(2)
  expect(refused({ function: 16, start: 0x03e7, values: [0, 0] })).toBe(2)
  expect(refused({ function: 23, start: 0, count: 1, writeStart: 0x03e8, values: [0] })).toBe(2)
  expect(refused({ function: 3, start: 0x07d0, count: 0 })).toBe(3)
  const coils = sealed(Uint8Array.of(9, 1, 0x07, 0xd0, 0, 1, 0, 0))
  expect(bench.raw(coils)).toEqual([sealed(Uint8Array.of(9, 0x81, 1, 0, 0))])
  expect(bench.status()).toMatchObject({ sta: 3 })
  expect(bench.firmware.stats).toMatchObject({ exceptions: 7, crcErrors: 0 })
})

test('FC06 writes one register, FC23 writes before it reads, FC04 reads what FC03 reads', () => {
  const bench = new Bench({ initial: 'activated' })
  const move: ModbusRequest = {
    function: 23,
    start: 0x07d0,
    count: 2,
    writeStart: 0x03e8,
    values: [0x0900, 0x0040, 0xffff],
  }
  expect(bench.ask(move)).toEqual({ function: 23, values: [0x3900, 0x0040] })
  expect(bench.ask({ function: 6, register: 0x03e9, value: 0x0080 })).toEqual({
    function: 6,
    register: 0x03e9,
    value: 0x0080,
  })
  bench.run(1000)
  expect(bench.status()).toMatchObject({ pr: 128, po: 128 })
  const holding = bench.ask({ function: 3, start: 0x07d0, count: 8 })
  expect(bench.ask({ function: 4, start: 0x07d0, count: 8 })).toEqual({ ...holding, function: 4 })
})

test("another slave's requests and damaged ones get no answer; the damaged are counted", () => {
  const bench = new Bench()
  expect(bench.raw(encodeRequest(8, { function: 3, start: 0x07d0, count: 3 }))).toEqual([])
  const damaged = encodeRequest(9, { function: 3, start: 0x07d0, count: 3 })
  damaged[5] ^= 1
  expect(bench.raw(damaged)).toEqual([])
  expect(bench.firmware.stats).toMatchObject({ requests: 0, crcErrors: 1 })
  expect(bench.status().sta).toBe(0)
})
