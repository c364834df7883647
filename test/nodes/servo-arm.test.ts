import { afterEach, describe, expect, it } from 'vitest'
import { ServoArm } from '../../nodes/servo-arm.js'
import { JOINTS, MS, ServoRig } from './servo-rig.js'

let rig: ServoRig
afterEach(() => rig.close())

/** rad: the counts of a servo are 0.0015 rad apart. */
const near = (values: readonly number[], wanted: readonly number[], within = 0.01): boolean =>
  values.every((value, i) => Math.abs(value - wanted[i]) < within)

const PLAN = [0.4, -0.3, 0.7, 0.1, -0.2, 0.5]

describe('an arm on a servo bus, on a real pseudo-terminal', () => {
  it('begins where it stands, follows the chunks within its limits, and says where it is and what it was sent', async () => {
    rig = await new ServoRig().up()
    const start = [...rig.at]
    expect(rig.servos.every(({ torque }) => torque)).toBe(true)
    await rig.run(300, { policy: false })
    expect(rig.control.hold).toBe('no_chunk')
    expect(rig.commands).toEqual([])
    expect(near(rig.at, start, 0.003)).toBe(true)
    rig.plan = PLAN
    await rig.run(100)
    const [first] = rig.commands
    // 180 deg/s for 10 ms.
    expect(near([...first.position], start, 0.035)).toBe(true)
    await rig.run(1200)
    expect(rig.control.hold).toBe('none')
    expect(near(rig.at, PLAN)).toBe(true)
    const last = rig.states.at(-1)!
    expect(last.name).toEqual(JOINTS)
    expect(near([...last.position], PLAN)).toBe(true)
    expect([last.velocity.length, last.effort.length]).toEqual([6, 6])
    expect(rig.states.some(({ velocity }) => velocity[0] > 0.5)).toBe(true)
    expect(near([...rig.commands.at(-1)!.position], PLAN, 1e-6)).toBe(true)
    // One write and one read every 10 ms.
    expect(rig.states.length).toBe(160)
    const stamps = rig.commands.map(({ stamp }) => stamp)
    expect(new Set(stamps.slice(1).map((stamp, i) => stamp - stamps[i]))).toEqual(new Set([10 * MS]))
    expect(rig.latencies.length).toBeGreaterThan(30)
    expect(Math.max(...rig.latencies)).toBeLessThanOrEqual(10 * MS)
    expect(rig.errors).toEqual([])
    expect(rig.own.servos.stats).toMatchObject({ crcErrors: 0, timeouts: 0 })
    expect(rig.own.port.latency?.mode).toBe('not applicable')
  })

  it('rests at a stop with its torque on, and goes on after "resume"', async () => {
    rig = await new ServoRig().up()
    rig.plan = PLAN
    await rig.run(200)
    rig.say('stop')
    await rig.run(20)
    const { goals } = rig
    await rig.run(300)
    const stopped = [...rig.at]
    await rig.run(300)
    expect(rig.control.hold).toBe('stop')
    expect(rig.goals).toEqual(goals)
    expect(near(rig.at, stopped, 0.002)).toBe(true)
    expect(rig.servos.every(({ torque }) => torque)).toBe(true)
    rig.say('resume')
    await rig.run(1000)
    expect(near(rig.at, PLAN)).toBe(true)
  })

  it('resolves a stop when the set-point has left, and keeps the torque when it is closed', async () => {
    rig = await new ServoRig().up()
    rig.plan = PLAN
    await rig.run(200)
    const sent = rig.commands.length
    expect(await rig.control.stop()).toBeUndefined()
    expect(rig.commands.length).toBe(sent + 1)
    await rig.control.shutdown()
    expect(rig.own.port.isOpen).toBe(false)
    expect(rig.servos.every(({ torque }) => torque)).toBe(true)
  })

  it('holds all joints while a servo is too hot, says so once, and goes on from where it stands', async () => {
    rig = await new ServoRig().up()
    rig.plan = PLAN
    await rig.run(150)
    rig.servos[2].temperature = 85
    await rig.run(300)
    expect(rig.control.hold).toBe('arm')
    expect(rig.errors).toEqual(['servo bus of arm: servo 3 (elbow_flex): it is too hot'])
    const held = [...rig.at]
    const sent = rig.commands.length
    await rig.run(200)
    expect(near(rig.at, held, 0.003)).toBe(true)
    expect(rig.commands.length).toBe(sent)
    // It has no torque, and somebody bends it.
    rig.rotors[2].push = 0.4
    await rig.run(300)
    rig.rotors[2].push = 0
    rig.servos[2].temperature = 40
    const bent = [...rig.at]
    expect(Math.abs(bent[2] - held[2])).toBeGreaterThan(0.1)
    await rig.until(() => rig.commands.length > sent)
    expect(near([...rig.commands[sent].position], bent, 0.05)).toBe(true)
    await rig.run(1500)
    expect(near(rig.at, PLAN)).toBe(true)
    expect(rig.errors.length).toBe(1)
    expect(rig.notices).toEqual(['servo bus of arm: elbow_flex has no fault any more'])
  })

  it('resets an overloaded servo by "resume" alone', async () => {
    rig = await new ServoRig().up()
    rig.plan = [1.5, ...PLAN.slice(1)]
    rig.rotors[0].jammed = true
    await rig.until(() => rig.errors.length > 0)
    expect(rig.errors).toEqual(['servo bus of arm: servo 1 (shoulder_pan): it is overloaded'])
    rig.rotors[0].jammed = false
    await rig.run(500)
    expect(rig.control.hold).toBe('arm')
    rig.say('resume')
    await rig.run(1500)
    expect(rig.control.hold).toBe('none')
    expect(near(rig.at, rig.plan)).toBe(true)
    expect(rig.errors.length).toBe(1)
  })

  it('holds when its bus is unplugged, says so once, and begins where the joints are when it is back', async () => {
    rig = await new ServoRig().up()
    rig.plan = PLAN
    await rig.run(300)
    await rig.unplug()
    await rig.until(() => rig.control.hold === 'arm')
    await rig.run(100)
    expect(rig.errors.length).toBe(1)
    expect(rig.errors[0]).toContain('the device is gone; it is reopened when it comes back')
    expect(await rig.control.stop()).toMatchObject({ code: 'DISCONNECTED' })
    const sent = rig.commands.length
    // The arm has sunk while it had no supply.
    const sunk = [-0.3, 0.6, 0.2, 0.5, 0.1, 0]
    rig.plugIn(sunk)
    await rig.until(() => rig.control.hold !== 'arm' && rig.commands.length > sent)
    expect(rig.control.hold).toBe('stop')
    expect(near([...rig.commands[sent].position], sunk, 0.003)).toBe(true)
    expect(rig.servos.every(({ torque }) => torque)).toBe(true)
    await rig.run(200)
    expect(near(rig.at, sunk, 0.003)).toBe(true)
    rig.say('resume')
    await rig.run(1500)
    expect(near(rig.at, PLAN)).toBe(true)
    expect(rig.own.servos.stats.reconnects).toBe(1)
    expect(rig.errors.length).toBe(1)
  })

  it('does not start with a servo of another id, and gives none torque', async () => {
    rig = new ServoRig({ ids: [1, 2, 3, 4, 5, 9], patience: 50 })
    await expect(rig.control.configure()).rejects.toMatchObject({
      code: 'SERVO_MISSING',
      exit: 2,
      message: /servo 6 \(gripper\) does not answer; those that answer have the ids 1, 2, 3, 4, 5, 9;/,
    })
    expect(rig.servos.some(({ torque }) => torque)).toBe(false)
    expect(rig.own.port.isOpen).toBe(false)
  })

  it('has one request under way on a slow bus, and the newest set-point wins', async () => {
    rig = await new ServoRig({ baud: 38_400 }).up()
    rig.plan = PLAN
    await rig.run(200)
    const requests = rig.line!.stats.requests
    const sent = rig.commands.length
    // Bus time passes while the wire is busy: 40 ms of it, in which a cycle takes about as long.
    for (let i = 0; i < 20; i++) {
      rig.clock.advanceTo(rig.clock.now() + 10 * MS)
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    await rig.bus.settle(rig.clock.now())
    const written = rig.commands.length - sent
    expect(written).toBeLessThan(10)
    // One write, one read, and one look at the torque of a servo.
    expect(rig.line!.stats.requests - requests).toBe(3 * written)
    const last = rig.commands.at(-1)!
    expect(last.stamp).toBe(rig.clock.now())
  })

  it('finds its torque gone after a short loss of power, says so, and goes on from where it stands', async () => {
    rig = await new ServoRig().up()
    rig.plan = PLAN
    await rig.run(300)
    for (const servo of rig.servos) servo.powerCycle()
    await rig.until(() => rig.errors.length > 0)
    expect(rig.errors[0]).toMatch(/^servo bus of arm: servo \d \(\w+\) has lost its torque; check its supply$/)
    await rig.until(() => rig.control.hold === 'arm')
    await rig.until(() => rig.control.hold === 'none')
    expect(rig.errors.length).toBe(6)
    expect(rig.servos.every(({ torque }) => torque)).toBe(true)
    expect(rig.servos.every(({ memory }) => memory.get('returnDelay') === 0)).toBe(true)
    await rig.run(1500)
    expect(near(rig.at, PLAN)).toBe(true)
    expect(rig.errors.length).toBe(6)
  })

  it('begins where the joints are when its bus comes back during a stop, however near they are to the set-point', async () => {
    rig = await new ServoRig().up()
    rig.plan = PLAN
    await rig.run(1500)
    expect(await rig.control.stop()).toBeUndefined()
    await rig.run(100)
    await rig.unplug()
    await rig.until(() => rig.errors.length > 0)
    await rig.run(50)
    const sent = rig.commands.length
    const sunk = PLAN.map(angle => angle - 0.05)
    rig.plugIn(sunk)
    await rig.until(() => rig.commands.length > sent + 20)
    expect(rig.control.hold).toBe('stop')
    expect(near([...rig.commands[sent].position], sunk, 0.003)).toBe(true)
    expect(near(rig.at, sunk, 0.003)).toBe(true)
  })

  it('resolves a stop on a bus whose cycle is longer than the period of the set-points', async () => {
    rig = await new ServoRig({ baud: 38_400 }).up()
    rig.plan = PLAN
    await rig.run(200)
    const before = rig.commands.length
    let stopped: unknown = 'waits'
    const stop = rig.control.stop().then(failure => (stopped = failure))
    for (let i = 0; i < 60 && stopped === 'waits'; i++) {
      rig.clock.advanceTo(rig.clock.now() + 10 * MS)
      await new Promise(resolve => setTimeout(resolve, 10))
    }
    expect(stopped).toBeUndefined()
    expect(rig.commands.length).toBeGreaterThan(before)
    await rig.bus.settle(rig.clock.now())
    await stop
  })

  it('is closed during a reset without an error, and has no fault of before when it is opened again', async () => {
    rig = new ServoRig()
    const errors: string[] = []
    const arm = new ServoArm({
      bus: rig.bus,
      name: 'arm',
      servos: rig.own.servos,
      topics: { state: '/state', command: '/command' },
      busTimeOf: () => rig.clock.now(),
      onError: error => errors.push((error as Error).message),
    })
    await arm.open()
    rig.servos[2].temperature = 85
    for (const servo of rig.servos) servo.step(MS)
    while (!arm.isFaulty) {
      arm.poll()
      await rig.bus.settle(rig.clock.now())
    }
    arm.recover()
    const { requests } = rig.line!.stats
    arm.poll()
    while (rig.line!.stats.requests === requests) await new Promise(resolve => setImmediate(resolve))
    await arm.close()
    expect(errors).toEqual(['servo bus of arm: servo 3 (elbow_flex): it is too hot'])
    await rig.unplug()
    rig.plugIn([0, -0.5, 0.5, 0.3, 0, 0.2])
    await arm.open()
    expect(arm.isFaulty).toBe(false)
    await arm.close()
  })
})
