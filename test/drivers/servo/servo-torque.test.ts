import { once } from 'node:events'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { FEETECH } from '../../../drivers/feetech/protocol.js'
import { STS3215 } from '../../../drivers/feetech/registers.js'
import { STS3215_MODEL } from '../../../drivers/feetech/sts3215.js'
import { SerialPort } from '../../../drivers/serial-port.js'
import { ServoBus } from '../../../drivers/servo/servo-bus.js'
import { BROADCAST } from '../../../drivers/servo/servo-protocol.js'
import type { ServoState } from '../../../drivers/servo/servo-state.js'
import { FeetechServo } from '../../../sim/firmware/feetech-servo.js'
import { startServoHost } from '../../../sim/firmware/servo-host.js'
import type { ServoHost } from '../../../sim/firmware/servo-host.js'
import type { OneServoRequest } from '../../../sim/firmware/servo-line.js'
import { ServoRotor } from '../../../sim/firmware/servo-rotor.js'

const BAUD = 1_000_000
const joints = [1, 2, 3, 4].map(id => ({ name: `j${id}`, id }))

let host: ServoHost
let bus: ServoBus
let servos: FeetechServo[] = []

afterEach(async () => {
  await bus.close()
  await host.close()
})

function start(): void {
  const rotors = joints.map((_, index) => new ServoRotor(0.1 * index))
  servos = joints.map(({ id }, index) => new FeetechServo({ id, plant: rotors[index] }))
  host = startServoHost({ protocol: FEETECH, servos, rotors })
}

function open(path: string): ServoBus {
  const port = new SerialPort({ path, baud: BAUD, backoff: { first: 20, most: 100 } })
  bus = new ServoBus(port, { model: STS3215_MODEL, joints, baud: BAUD, patience: 100, velocity: 2 })
  return bus
}

async function until(wanted: (state: ServoState) => boolean): Promise<ServoState> {
  for (;;) {
    const state = await bus.read()
    if (wanted(state)) return state
  }
}

/** Makes a servo deaf to some requests. The result makes it hear again. */
function deafen(servo: FeetechServo, to: (request: OneServoRequest) => boolean): () => void {
  const handle = servo.handle.bind(servo)
  servo.handle = request => (to(request) ? undefined : handle(request))
  return () => void (servo.handle = handle)
}

const writes = (request: OneServoRequest, { address }: { readonly address: number }): boolean =>
  request.kind === 'write' && request.address === address

describe('torque', () => {
  test('is switched off in every joint, also behind one that does not answer', async () => {
    start()
    await open(host.path).connect()
    await bus.torque(true)
    deafen(servos[1], request => writes(request, STS3215.torqueEnable))
    await expect(bus.torque(false)).rejects.toMatchObject({ code: 'TIMEOUT' })
    expect(servos.map(servo => servo.torque)).toEqual([false, true, false, false])
  })

  test('comes with the present position as the goal, also to a servo that does not hear broadcasts', async () => {
    start()
    await open(host.path).connect()
    servos[2].memory.set('goalPosition', 0)
    deafen(servos[2], request => 'id' in request && request.id === BROADCAST)
    await bus.torque(true)
    expect(servos[2].torque).toBe(true)
    expect(servos[2].memory.get('goalPosition')).toBe(servos[2].memory.get('presentPosition'))
    expect(servos[2].memory.get('goalPosition')).toBeGreaterThan(2000)
  })

  test('comes to no joint while the position of one is not known', async () => {
    start()
    await open(host.path).connect()
    deafen(servos[2], ({ kind }) => kind === 'read')
    await expect(bus.torque(true)).rejects.toMatchObject({ code: 'TIMEOUT', message: /servo 3 \(j3\)/ })
    expect(servos.some(({ torque }) => torque)).toBe(false)
  })

  test('does not come back to a servo that does not take its position as the goal', async () => {
    start()
    await open(host.path).connect()
    await bus.torque(true)
    const hear = deafen(servos[1], () => true)
    await until(({ faults }) => faults[1] !== '')
    hear()
    servos[1].powerCycle()
    servos[1].memory.set('goalPosition', 0)
    const take = deafen(servos[1], request => writes(request, STS3215.goalPosition))
    const { faults } = await bus.read()
    expect(faults[1]).toMatch(/^servo 2 \(j2\) does not answer/)
    expect(servos[1].torque).toBe(false)
    take()
    await until(state => state.faults[1] === '')
    expect(servos[1].torque).toBe(true)
    expect(servos[1].memory.get('goalPosition')).toBeGreaterThan(2000)
  })
})

test('a servo that had lost its power gets its limits and its return delay before its torque', async () => {
  start()
  await open(host.path).connect()
  await bus.torque(true)
  const hear = deafen(servos[3], () => true)
  await until(({ faults }) => faults[3] !== '')
  servos[3].powerCycle()
  expect(servos[3].memory.get('goalVelocity')).toBe(0)
  hear()
  let before = NaN
  deafen(servos[3], request => {
    if (writes(request, STS3215.torqueEnable)) before = servos[3].memory.value('goalVelocity')
    return false
  })
  await until(({ faults }) => faults[3] === '')
  expect(before).toBeCloseTo(2, 2)
  expect(servos[3].memory.get('returnDelay')).toBe(0)
  expect(servos[3].torque).toBe(true)
})

test('of two silent servos the second comes back while the first stays silent', async () => {
  start()
  await open(host.path).connect()
  const hear = [1, 2].map(index => deafen(servos[index], () => true))
  await until(({ faults }) => faults[1] !== '' && faults[2] !== '')
  hear[1]()
  const { faults } = await until(state => state.faults[2] === '')
  expect(faults[1]).toMatch(/^servo 2 \(j2\)/)
})

test('servos that were all silent are all set up again, also those that were not noted', async () => {
  start()
  await open(host.path).connect()
  await bus.torque(true)
  const hear = servos.map(servo => deafen(servo, () => true))
  const { faults } = await until(state => state.faults.some(fault => fault !== ''))
  expect(faults.filter(fault => fault !== '').length).toBe(1)
  for (const servo of servos) servo.powerCycle()
  for (const one of hear) one()
  await until(state => state.faults.every(fault => fault === ''))
  expect(servos.map(({ torque }) => torque)).toEqual([true, true, true, true])
  for (const { memory } of servos) expect(memory.value('goalVelocity')).toBeCloseTo(2, 2)
})

test('servos that lost their power between two reads are found, hold, and get their limits and their torque', async () => {
  start()
  await open(host.path).connect()
  await bus.torque(true)
  await bus.read()
  const told: string[] = []
  bus.on('fault', (_joint, message) => told.push(message))
  for (const servo of servos) servo.powerCycle()
  const { faults } = await bus.read()
  const wanted = joints.map(({ id, name }) => `servo ${id} (${name}) has lost its torque; check its supply`)
  expect(faults).toEqual(wanted)
  expect(told).toEqual(wanted)
  await expect(bus.write([0, 0, 0, 0])).rejects.toMatchObject({ code: 'FAULT' })
  expect((await bus.read()).faults).toEqual(['', '', '', ''])
  expect(servos.map(({ torque }) => torque)).toEqual([true, true, true, true])
  for (const { memory } of servos) expect(memory.value('goalVelocity')).toBeCloseTo(2, 2)
})

test('one servo that lost its power alone is found within as many reads as there are servos', async () => {
  start()
  await open(host.path).connect()
  await bus.torque(true)
  servos[2].powerCycle()
  let reads = 0
  await until(({ faults }) => ++reads > 0 && faults[2] !== '')
  expect(reads).toBeLessThanOrEqual(4)
  await bus.read()
  expect(servos[2].torque).toBe(true)
})

test('servos without torque that were moved by hand have no fault', async () => {
  start()
  await open(host.path).connect()
  await bus.torque(true)
  await bus.torque(false)
  for (let i = 0; i < 5; i++) expect((await bus.read()).faults).toEqual(['', '', '', ''])
})

describe('after the port was lost', () => {
  /** Loses the port, and plugs other servos into the same place. `change` is called before the bus finds them. */
  async function replug(change: () => void): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), 'prehend-torque-'))
    const link = join(folder, 'port')
    start()
    symlinkSync(host.path, link)
    await open(link).connect()
    await bus.torque(true)
    const lost = once(bus, 'lost')
    await host.close()
    await lost
    start()
    change()
    rmSync(link)
    symlinkSync(host.path, link)
  }

  async function firstRead(): Promise<ServoState> {
    for (;;) {
      const state = await bus.read().catch((error: { code: string }) => {
        if (error.code !== 'DISCONNECTED') throw error
      })
      if (state !== undefined) return state
      await new Promise(resolve => setImmediate(resolve))
    }
  }

  test('writes are refused until every joint has its torque again', async () => {
    const early: Promise<string>[] = []
    await replug(() =>
      deafen(servos[3], request => {
        if (writes(request, STS3215.torqueEnable))
          early.push(
            bus.write([0, 0, 0, 0]).then(
              () => 'written',
              (error: { code: string }) => error.code,
            ),
          )
        return false
      }),
    )
    await firstRead()
    expect(early.length).toBeGreaterThan(0)
    expect(new Set(await Promise.all(early))).toEqual(new Set(['NOT_ACTIVATED']))
    await bus.write([0, 0, 0, 0])
  })

  test('a dead servo has a fault, the others get their torque, and it comes back too', async () => {
    const told: string[] = []
    let hear = (): void => undefined
    await replug(() => {
      hear = deafen(servos[1], () => true)
      bus.on('fault', joint => told.push(`${joint} fault`))
      bus.on('recovered', joint => told.push(`${joint} recovered`))
    })
    const state = await firstRead()
    expect(state.faults.map(fault => fault !== '')).toEqual([false, true, false, false])
    expect(state.faults[1]).toMatch(/^servo 2 \(j2\) does not answer/)
    expect(servos.map(({ torque }) => torque)).toEqual([true, false, true, true])
    await expect(bus.write([0, 0, 0, 0])).rejects.toMatchObject({ code: 'FAULT' })
    hear()
    await until(({ faults }) => faults[1] === '')
    expect(servos[1].torque).toBe(true)
    expect(servos[1].memory.value('goalVelocity')).toBeCloseTo(2, 2)
    expect(told).toEqual(['j2 fault', 'j2 recovered'])
  })
})
