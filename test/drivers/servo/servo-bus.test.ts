import { once } from 'node:events'
import { symlinkSync, rmSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { DYNAMIXEL } from '../../../drivers/dynamixel/protocol.js'
import { FEETECH } from '../../../drivers/feetech/protocol.js'
import { SerialPort } from '../../../drivers/serial-port.js'
import { ServoBus } from '../../../drivers/servo/servo-bus.js'
import type { ServoBusOptions } from '../../../drivers/servo/servo-bus.js'
import { ServoClient } from '../../../drivers/servo/servo-client.js'
import { jointOfCalibration } from '../../../drivers/servo/servo-calibration.js'
import type { ServoModel } from '../../../drivers/servo/servo-model.js'
import { SERVO_MODELS } from '../../../drivers/servo/servo-models.js'
import type { ServoState } from '../../../drivers/servo/servo-state.js'
import { DynamixelServo } from '../../../sim/firmware/dynamixel-servo.js'
import { FeetechServo } from '../../../sim/firmware/feetech-servo.js'
import { startServoHost } from '../../../sim/firmware/servo-host.js'
import type { ServoHost, ServoHostOptions } from '../../../sim/firmware/servo-host.js'
import { ServoRotor } from '../../../sim/firmware/servo-rotor.js'

const STS3215_MODEL = modelOf('sts3215')
const XL330_MODEL = modelOf('xl330')
const ids = [1, 2, 3, 4, 5, 6]
const joints = ids.map(id => ({ name: `j${id}`, id }))
const BAUD = 1_000_000

function modelOf(name: string): ServoModel {
  const model = SERVO_MODELS.get(name)
  if (model === undefined) throw new Error(`no servo "${name}"`)
  return model
}

let host: ServoHost
let bus: ServoBus
let rotors: ServoRotor[] = []
let servos: FeetechServo[] = []

afterEach(async () => {
  await bus.close()
  await host.close()
})

function start(of: readonly number[] = ids, options: Partial<ServoHostOptions> = {}): ServoHost {
  rotors = of.map((_, index) => new ServoRotor(0.1 * index))
  servos = of.map((id, index) => new FeetechServo({ id, plant: rotors[index] }))
  host = startServoHost({ protocol: FEETECH, servos, rotors, ...options })
  return host
}

/** A bus that is as patient as a busy machine needs. */
function open(path: string, options: Partial<ServoBusOptions> = {}): ServoBus {
  const port = new SerialPort({ path, baud: BAUD, backoff: { first: 20, most: 100 } })
  bus = new ServoBus(port, { model: STS3215_MODEL, joints, baud: BAUD, patience: 500, ...options })
  return bus
}

/** Reads until the state is as wanted. */
async function until(wanted: (state: ServoState) => boolean): Promise<ServoState> {
  for (;;) {
    const state = await bus.read()
    if (wanted(state)) return state
  }
}

const arrived = (goal: readonly number[]) => (state: ServoState) =>
  goal.every((angle, index) => Math.abs(state.position[index] - angle) < 0.005)

describe('a bus of six servos on a pseudo-terminal at 1 Mbaud', () => {
  test('connects, gives torque without a jump, moves all joints and reads what they do', async () => {
    start()
    open(host.path, { velocity: 2, acceleration: 20 })
    await bus.connect()
    expect(servos.map(({ memory }) => memory.get('returnDelay'))).toEqual([0, 0, 0, 0, 0, 0])
    const before = await bus.read()
    expect(arrived(ids.map((_, index) => 0.1 * index))(before)).toBe(true)
    await bus.torque(true)
    expect(servos.every(({ torque }) => torque)).toBe(true)
    const goal = [0.5, -0.5, 0.3, -0.3, 1, -1]
    await bus.write(goal)
    const moving = await until(({ velocity }) => velocity[4] > 1)
    expect(moving.load[4]).toBeGreaterThan(0)
    expect(moving.velocity[5]).toBeLessThan(0)
    const state = await until(arrived(goal))
    expect(state.temperature[0]).toBe(25)
    expect(state.voltage[0]).toBeCloseTo(7.4)
    expect(state.faults).toEqual(['', '', '', '', '', ''])
    await bus.torque(false)
    expect(servos.some(({ torque }) => torque)).toBe(false)
    expect(bus.stats).toMatchObject({ crcErrors: 0, timeouts: 0 })
  })

  test('with torque the joints stay where they are, whatever the goal registers held', async () => {
    start()
    for (const servo of servos) servo.memory.set('goalPosition', 0)
    await open(host.path).connect()
    await bus.torque(true)
    const state = await bus.read()
    expect(arrived(ids.map((_, index) => 0.1 * index))(state)).toBe(true)
    expect(servos.map(({ memory }) => memory.get('goalPosition'))).not.toContain(0)
  })

  test('hold stops a motion at once', async () => {
    start()
    await open(host.path, { velocity: 1 }).connect()
    await bus.torque(true)
    await bus.write([2, 2, 2, 2, 2, 2])
    await until(({ position }) => position[0] > 0.2)
    await bus.hold()
    const goals = servos.map(({ memory }) => memory.get('goalPosition'))
    expect(Math.max(...goals)).toBeLessThan(2048 + (2 * 4096) / (2 * Math.PI) - 50)
    await until(({ velocity }) => velocity.every(value => Math.abs(value) < 0.01))
  })

  test('works through an adapter that gives back what is sent', async () => {
    start(ids, { echo: true })
    await open(host.path, { echo: true }).connect()
    await bus.torque(true)
    await bus.write([0.2, 0.2, 0.2, 0.2, 0.2, 0.2])
    await until(arrived([0.2, 0.2, 0.2, 0.2, 0.2, 0.2]))
    expect(bus.errors.size).toBe(0)
  })

  test('a sign and a zero make joint angles of counts, also from a LeRobot calibration', async () => {
    start([1])
    const calibration = { id: 1, drive_mode: 1, homing_offset: 0, range_min: 1000, range_max: 3000 }
    await open(host.path, { joints: [jointOfCalibration('lift', calibration)] }).connect()
    await bus.torque(true)
    await bus.write([0.5])
    await until(state => arrived([0.5])(state) && Math.abs(state.velocity[0]) < 0.01)
    expect(servos[0].memory.get('goalPosition')).toBe(Math.round(2000 - (0.5 * 4096) / (2 * Math.PI)))
    expect(rotors[0].position()).toBeCloseTo(((2000 - 2048) * 2 * Math.PI) / 4096 - 0.5, 2)
  })

  test('a servo whose homing offset is not that of its calibration is refused, and gets no torque', async () => {
    start([1])
    servos[0].memory.set('homingOffset', 31)
    const calibration = { id: 1, drive_mode: 0, homing_offset: -7, range_min: 1000, range_max: 3000 }
    await expect(
      open(host.path, { joints: [jointOfCalibration('lift', calibration)] }).connect(),
    ).rejects.toMatchObject({
      code: 'SERVO_CALIBRATION',
      message: /lift.* has the homing offset 31, and its calibration says -7: the file is of another arm or older/,
    })
    expect(servos[0].memory.get('torqueEnable')).toBe(0)
  })

  test('refuses numbers that are not finite, and a wrong number of joints', async () => {
    start()
    await open(host.path).connect()
    await expect(bus.write([0, 0, 0, 0, 0, Number.NaN])).rejects.toMatchObject({ code: 'BAD_COMMAND' })
    await expect(bus.write([0])).rejects.toMatchObject({ code: 'BAD_COMMAND', message: /6 finite angles, got \[0\]/ })
  })

  test('before connect nothing is written', async () => {
    start()
    open(host.path)
    await expect(bus.write([0, 0, 0, 0, 0, 0])).rejects.toMatchObject({ code: 'NOT_ACTIVATED' })
    await expect(bus.read()).rejects.toMatchObject({ code: 'NOT_ACTIVATED' })
    expect(host.line.stats.requests).toBe(0)
  })
})

describe('calibration', () => {
  test('makes the present position the middle, keeps it in the EEPROM, and is read back', async () => {
    start([1])
    rotors[0] = new ServoRotor()
    await open(host.path, { joints: [{ name: 'lift', id: 1 }] }).connect()
    servos[0].memory.keep('homingOffset', 77)
    // The firmware takes it with its next step.
    await until(({ position }) => position[0] < -0.1)
    const offset = await bus.calibrateMiddle('lift')
    await until(({ position }) => Math.abs(position[0] + (2 * Math.PI) / 4096) < 1e-9)
    await bus.calibrate('lift', { homing_offset: offset, range_min: 800, range_max: 3200 })
    servos[0].powerCycle()
    expect(await bus.calibration()).toEqual({
      lift: { id: 1, drive_mode: 0, homing_offset: 1, range_min: 800, range_max: 3200 },
    })
  })

  test('is refused while the joint has torque', async () => {
    start([1])
    await open(host.path, { joints: [{ name: 'lift', id: 1 }] }).connect()
    await bus.torque(true)
    await expect(bus.calibrateMiddle('lift')).rejects.toMatchObject({ code: 'BAD_COMMAND', message: /has torque/ })
    await expect(bus.calibrateMiddle('roll')).rejects.toMatchObject({ message: /no joint "roll"; its joints are lift/ })
  })
})

describe('what is wrong on a bus', () => {
  test('two joints with one id or name are refused before anything is opened', () => {
    start([])
    open(host.path)
    const twice = [joints[0], { name: 'other', id: 1 }]
    expect(() => open('/dev/none', { joints: twice })).toThrow('the joints "j1" and "other" have the same id 1')
    expect(() => open('/dev/none', { joints: [joints[0], { ...joints[1], name: 'j1' }] })).toThrow('the name "j1"')
    expect(() => open('/dev/none', { joints: [{ name: 'far', id: 253 }] })).toThrow('must be 0 to 252, got 253')
  })

  test('a servo that is not there is named, with those that are', async () => {
    start([1, 2, 4, 5, 6, 9])
    await expect(open(host.path, { patience: 100 }).connect()).rejects.toMatchObject({
      code: 'SERVO_MISSING',
      exit: 2,
      message: /servo 3 \(j3\) does not answer; those that answer have the ids 1, 2, 4, 5, 6, 9;/,
    })
    expect(bus.errors.get(3)).toMatchObject({ timeouts: 3, damaged: 0 })
  })

  test('a bus without any servo says so', async () => {
    start([])
    await expect(open(host.path, { patience: 50 }).connect()).rejects.toMatchObject({ message: /no servo answers/ })
  })

  test('two servos with one id are found, whether their answers come one after the other or together', async () => {
    start([1, 2, 2, 4, 5, 6])
    await expect(open(host.path, { patience: 100 }).connect()).rejects.toMatchObject({
      code: 'SERVO_TWICE',
      message: /the answers of servo 2 come twice/,
    })
    await bus.close()
    // Firmware that does not answer to a broadcast shows its twin by damage alone.
    for (const servo of servos) {
      const handle = servo.handle.bind(servo)
      servo.handle = request => (request.kind === 'ping' ? undefined : handle(request))
    }
    await expect(open(host.path, { patience: 100 }).connect()).rejects.toMatchObject({
      code: 'SERVO_TWICE',
      message: /the answers of servo 2 /,
    })
    expect(bus.errors.get(2)).toMatchObject({ damaged: 3 })
  })

  test('another model is refused', async () => {
    start()
    servos[4].memory.keep('modelNumber', 1284)
    await expect(open(host.path).connect()).rejects.toMatchObject({
      code: 'SERVO_MODEL',
      message: /servo 5 \(j5\) has the model number 1284, not that of a sts3215 \(777\)/,
    })
  })

  test('an overheated servo is reported once, all joints hold, and after cooling it works again', async () => {
    start()
    await open(host.path, { velocity: 1 }).connect()
    await bus.torque(true)
    const told: string[] = []
    bus.on('fault', (joint, message) => told.push(`${joint}: ${message}`))
    bus.on('recovered', joint => told.push(`${joint} recovered`))
    await bus.write([2, 2, 2, 2, 2, 2])
    await until(({ position }) => position[0] > 0.2)
    servos[2].temperature = 85
    const hot = await until(({ faults }) => faults[2] !== '')
    expect(hot.faults[2]).toBe('servo 3 (j3): it is too hot')
    await expect(bus.write([0, 0, 0, 0, 0, 0])).rejects.toMatchObject({ code: 'FAULT', message: /servo 3 \(j3\)/ })
    await until(({ velocity }) => velocity.every(value => Math.abs(value) < 0.01))
    expect(servos[0].memory.get('goalPosition')).toBeLessThan(3000)
    expect(servos[2].torque).toBe(false)
    servos[2].temperature = 40
    await until(({ faults }) => faults[2] === '')
    expect(servos[2].torque).toBe(true)
    expect(told).toEqual(['j3: servo 3 (j3): it is too hot', 'j3 recovered'])
    await bus.write([0, 0, 0, 0, 0, 0])
    await until(arrived([0, 0, 0, 0, 0, 0]))
  })

  test('an overload stays until it is reset', async () => {
    start([1])
    await open(host.path, { joints: [joints[0]] }).connect()
    await bus.torque(true)
    rotors[0].jammed = true
    await bus.write([1])
    const { faults } = await until(state => state.faults[0] !== '')
    expect(faults).toEqual(['servo 1 (j1): it is overloaded'])
    rotors[0].jammed = false
    expect((await bus.read()).faults).toEqual(faults)
    await bus.reset('j1')
    expect((await bus.read()).faults).toEqual([''])
    await bus.write([1])
    await until(arrived([1]))
  })

  test('a servo that falls silent is named, the others are still read, and it comes back', async () => {
    start()
    await open(host.path, { patience: 100 }).connect()
    await bus.torque(true)
    const handle = servos[3].handle.bind(servos[3])
    servos[3].handle = () => undefined
    const state = await until(({ faults }) => faults[3] !== '')
    expect(state.faults[3]).toMatch(/^servo 4 \(j4\) does not answer/)
    servos[5].temperature = 33
    expect((await bus.read()).temperature[5]).toBe(33)
    servos[3].handle = handle
    servos[3].powerCycle()
    await until(({ faults }) => faults.every(fault => fault === ''))
    expect(servos[3].torque).toBe(true)
  })

  test('an unplugged bus is reported, writes are refused, and after the plug it is set up again', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'prehend-servos-'))
    const link = join(folder, 'port')
    start()
    symlinkSync(host.path, link)
    await open(link, { velocity: 2 }).connect()
    await bus.torque(true)
    const lost = once(bus, 'lost')
    await host.close()
    expect((await lost)[0]).toMatchObject({ code: 'DISCONNECTED' })
    await expect(bus.write([0, 0, 0, 0, 0, 0])).rejects.toMatchObject({ code: 'NOT_ACTIVATED' })
    await expect(bus.read()).rejects.toMatchObject({ code: 'DISCONNECTED' })
    const back = once(bus, 'back')
    start()
    rmSync(link)
    symlinkSync(host.path, link)
    let state: ServoState | undefined
    while (state === undefined) {
      state = await bus.read().catch(() => undefined)
      await new Promise(resolve => setImmediate(resolve))
    }
    await back
    expect(bus.stats.reconnects).toBe(1)
    expect(servos.every(({ torque }) => torque)).toBe(true)
    expect(servos[0].memory.value('goalVelocity')).toBeCloseTo(2, 2)
    await bus.write([0, 0, 0, 0, 0, 0])
    await until(arrived([0, 0, 0, 0, 0, 0]))
    rmSync(folder, { recursive: true })
  })

  test('reads that come together after a plug set the servos up once', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'prehend-servos-'))
    const link = join(folder, 'port')
    start()
    symlinkSync(host.path, link)
    await open(link).connect()
    await bus.torque(true)
    const lost = once(bus, 'lost')
    await host.close()
    await lost
    let backs = 0
    bus.on('back', () => backs++)
    start()
    const switched = vi.spyOn(servos[0], 'handle')
    rmSync(link)
    symlinkSync(host.path, link)
    for (let done = false; !done; ) {
      const reads = await Promise.allSettled([bus.read(), bus.read(), bus.read()])
      done = reads.every(({ status }) => status === 'fulfilled')
      await new Promise(resolve => setImmediate(resolve))
    }
    const { address } = STS3215_MODEL.registers.torqueEnable
    const torques = switched.mock.calls.filter(([request]) => request.kind === 'write' && request.address === address)
    expect([backs, torques.length]).toEqual([1, 1])
    rmSync(folder, { recursive: true })
  })
})

describe('a bus of Dynamixel servos', () => {
  let dynamixels: DynamixelServo[] = []

  function startDynamixels(): void {
    rotors = ids.map((_, index) => new ServoRotor(0.1 * index))
    dynamixels = ids.map((id, index) => new DynamixelServo({ id, plant: rotors[index] }))
    host = startServoHost({ protocol: DYNAMIXEL, servos: dynamixels, rotors })
  }

  test('connects, gives torque without a jump, moves all joints and reads what they do', async () => {
    startDynamixels()
    await open(host.path, { model: XL330_MODEL, velocity: 2, acceleration: 20 }).connect()
    expect(dynamixels.map(({ memory }) => memory.get('returnDelay'))).toEqual([0, 0, 0, 0, 0, 0])
    expect(dynamixels[0].memory.value('profileVelocity')).toBeCloseTo(2, 1)
    await bus.torque(true)
    expect(arrived(ids.map((_, index) => 0.1 * index))(await bus.read())).toBe(true)
    const goal = [0.5, -0.5, 0.3, -0.3, 1, -1]
    await bus.write(goal)
    const moving = await until(({ velocity }) => velocity[4] > 0.5)
    expect(moving.load[4]).toBeGreaterThan(0)
    expect(moving.velocity[5]).toBeLessThan(0)
    const state = await until(arrived(goal))
    expect(state.voltage[0]).toBeCloseTo(5)
    expect(bus.stats).toMatchObject({ crcErrors: 0, timeouts: 0 })
  })

  test('a servo that has switched itself off says why, and works again after its reset', async () => {
    startDynamixels()
    await open(host.path, { model: XL330_MODEL, patience: 100 }).connect()
    await bus.torque(true)
    dynamixels[1].temperature = 90
    const { faults } = await until(state => state.faults[1] !== '')
    expect(faults[1]).toBe('servo 2 (j2): it is too hot')
    await expect(bus.write([0, 0, 0, 0, 0, 0])).rejects.toMatchObject({ code: 'FAULT' })
    dynamixels[1].temperature = 40
    expect((await bus.read()).faults[1]).toBe(faults[1])
    await bus.reset('j2')
    await until(state => state.faults[1] === '')
    expect(dynamixels[1].torque).toBe(true)
    await bus.write([0, 0, 0, 0, 0, 0])
    await until(arrived([0, 0, 0, 0, 0, 0]))
  })

  test('a homing offset that the servo would not take is refused', async () => {
    startDynamixels()
    await open(host.path, { model: XL330_MODEL }).connect()
    expect(await bus.calibrateMiddle('j1')).toBe(-1)
    const far = new ServoRotor(2)
    const servo = new DynamixelServo({ id: 1, plant: far })
    await bus.close()
    await host.close()
    host = startServoHost({ protocol: DYNAMIXEL, servos: [servo], rotors: [far] })
    await open(host.path, { model: XL330_MODEL, joints: [{ name: 'j1', id: 1 }] }).connect()
    await expect(bus.calibrateMiddle('j1')).rejects.toMatchObject({
      code: 'BAD_COMMAND',
      message: /would need the homing offset -1305, and takes 1024 at the most/,
    })
    expect(servo.memory.get('homingOffset')).toBe(0)
  })

  test('another model is refused, and so is a write to a register that is read-only', async () => {
    startDynamixels()
    await expect(open(host.path, { model: modelOf('xm430') }).connect()).rejects.toMatchObject({
      code: 'SERVO_MODEL',
      message: /model number 1200, not that of a xm430 \(1020 or 1030 or 1120 or 1130\)/,
    })
    await bus.close()
    const port = new SerialPort({ path: host.path, baud: BAUD })
    const client = new ServoClient(port, XL330_MODEL, { baud: BAUD, patience: 300 })
    await port.open()
    await expect(client.set(joints[2], XL330_MODEL.registers.presentPosition, 1)).rejects.toMatchObject({
      code: 'BAD_COMMAND',
      message: 'servo bus: servo 3 (j3) refused a request: the register may not be written or read now',
    })
    await port.close()
  })
})
