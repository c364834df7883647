import { readFileSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Interrupted } from '../../app/output/ending.js'
import { readRobot } from '../../app/robot/load-robot.js'
import { ControlElsewhere } from '../../app/session/control-elsewhere.js'
import { controlPart } from '../../app/session/parts/control-part.js'
import { servoBusesOf, servosOf } from '../../app/session/robot-servo-buses.js'
import { Session } from '../../app/session/session.js'
import { groundNamed } from '../../app/teleop/ground.js'
import { TeleopLoop } from '../../app/teleop/teleop-loop.js'
import { LocalBus } from '../../middleware/local/local-bus.js'
import { SteppedClock } from '../../middleware/local/stepped-clock.js'
import { SystemClock } from '../../middleware/local/system-clock.js'
import type { ControlNode } from '../../nodes/control-node.js'
import type { Robot } from '../../robots/robot.js'
import { Files, motorArm, until } from './arms.js'

const START = [-1.4, -0.2, 0.5]
let files: Files
let follower: ReturnType<typeof motorArm>
let robot: Robot
let clock: SystemClock
let bus: LocalBus
let ends: (() => unknown)[]
const notices: string[] = []
const onError = (error: unknown): void => void notices.push(String(error))

beforeEach(() => {
  files = new Files()
  follower = motorArm(START)
  robot = withLanguages('[en]')
  clock = new SystemClock()
  bus = new LocalBus(clock, { onError })
  ends = []
  notices.length = 0
})
afterEach(async () => {
  for (const end of ends.reverse()) await end()
  await bus.close()
  clock.close()
  await follower.arm.host.close()
  files.remove()
})

const pan = (): number => follower.joints[0].position()

function withLanguages(languages: string): Robot {
  const path = files.follower(follower.arm.host.path)
  writeFileSync(path, `languages: ${languages}\n${readFileSync(path, 'utf8')}`)
  return readRobot(path)
}

/** The control node of the robot, with nobody at it. */
async function startControl(): Promise<ControlNode> {
  const session = Session.assemble(
    { robot, bus, onError },
    { control: controlPart({ servoBuses: servosOf(servoBusesOf(robot)) }) },
  )
  await session.bringUp()
  ends.push(() => session.close({ ground: [] }))
  return session.nodes.control
}

/** A control node that carries nothing out, and always says the same. */
function startDeaf(data: string): void {
  const followed = bus.advertise('/control/commander', 'std_msgs/msg/String')
  const request = bus.subscribe('/teleop/commander', 'std_msgs/msg/String', () => undefined)
  const timer = setInterval(() => followed.publish({ data }), 100)
  ends.push(() => {
    clearInterval(timer)
    request.dispose()
  })
}

/** A person who is attached, and pushes the first joint to its end. */
async function attach(): Promise<TeleopLoop> {
  const control = await ControlElsewhere.find(bus, robot)
  const loop = await TeleopLoop.start({
    robot,
    seed: 1,
    attach: true,
    signal: new AbortController().signal,
    ground: async () => ({ bus, epochSec: undefined, sensors: [], ports: {}, closings: [], control }),
    kind: {
      meaning: '',
      help: '',
      make: () => ({
        open: async () => undefined,
        update: wanted => {
          wanted[0] = 1.5
          return true
        },
        close: async () => undefined,
      }),
    },
    inputs: {},
    onNotice: text => notices.push(text),
    onLost: text => notices.push(text),
    onError,
    onPolicyEnded: () => undefined,
    onRecordingLost: () => undefined,
  })
  ends.push(() => loop.close())
  return loop
}

const toldOf = (text: string) => (): boolean => notices.some(notice => notice.startsWith(text))
const state = (): object => ({ notices, pan: pan() })

describe('a person at a control node of another process', () => {
  it('is told that it holds, and that they have the arm, once that is so', async () => {
    const node = await startControl()
    const loop = await attach()
    loop.operate('take')
    expect(notices).toEqual([])
    await until(toldOf('the person has the arm'), state)
    expect(loop.commander).toBe('person')
    await until(() => pan() > START[0] + 0.2, state)
    loop.operate('stop')
    expect(notices).toEqual(['the person has the arm'])
    await until(toldOf('it holds; whether it has heard "stop" is not known'), state)
    await until(() => node.hold === 'stop', state)
    // It follows nobody, and the person still has the arm: what they ask for next is to give it back.
    expect(loop.commander).toBe('person')
  })

  it('stands after "stop" also where the control node does not understand it', async () => {
    robot = withLanguages('[zh]')
    const node = await startControl()
    const loop = await attach()
    loop.operate('take')
    await until(() => pan() > START[0] + 0.2, state)
    const { chunks } = loop
    loop.operate('stop')
    await until(() => node.hold === 'person', state)
    expect(loop.chunks).toBe(chunks)
    expect(pan()).toBeLessThan(1)
  })

  it('leaves it stopped', async () => {
    const node = await startControl()
    const loop = await attach()
    loop.operate('take')
    await until(() => node.hold === 'none', state)
    await loop.close()
    expect(node.hold).toBe('stop')
  })

  it.each([
    ['person', 'stop', 'it is not sure that the robot has stopped: following the person', 'stopped'],
    ['policy', 'take', 'the person does not have the arm: following the policy', 'the person has the arm'],
  ] as const)(
    'is told what a control node that follows the %s has not done at "%s"',
    async (who, word, text, claim) => {
      startDeaf(who)
      const loop = await attach()
      expect(loop.operate(word)).not.toContain(claim)
      await until(toldOf(text), state)
      expect(toldOf(claim)()).toBe(false)
      expect(loop.commander).toBe(who)
    },
  )
})

describe('a control node elsewhere', () => {
  it('is none where somebody only says whom it follows, as a recording does', async () => {
    const followed = bus.advertise('/control/commander', 'std_msgs/msg/String')
    const timer = setInterval(() => followed.publish({ data: 'policy' }), 100)
    ends.push(() => clearInterval(timer))
    expect(await ControlElsewhere.find(bus, robot)).toBeUndefined()
  })

  it('is heard each second of the machine where the time of a shared bus stands', async () => {
    const graph = { publishersOf: () => [], service: () => expect.unreachable() }
    const standing = new SteppedClock(1)
    bus = Object.assign(new LocalBus(standing, { onError }), { graph })
    const said: string[] = []
    bus.subscribe('/control/commander', 'std_msgs/msg/String', ({ data }) => said.push(data))
    await startControl()
    standing.advanceTo(20_000_000)
    await until(
      () => said.length > 2,
      () => said,
    )
    expect(said).toEqual(['nobody', 'nobody', 'nobody'])
  })
})

it('brings nothing up where the command was ended while a control node was searched for', async () => {
  const ending = new AbortController()
  const starting = TeleopLoop.start({
    robot,
    seed: 1,
    signal: ending.signal,
    ground: async options => {
      const ground = await groundNamed('bus')(options)
      ending.abort('SIGINT')
      return ground
    },
    kind: {
      meaning: '',
      help: '',
      make: () => ({ open: async () => undefined, update: () => false, close: async () => undefined }),
    },
    inputs: {},
    onNotice: text => notices.push(text),
    onLost: text => notices.push(text),
    onError,
    onPolicyEnded: () => undefined,
    onRecordingLost: () => undefined,
  })
  starting.then(
    loop => ends.push(() => loop.close()),
    () => undefined,
  )
  await expect(starting).rejects.toThrow(Interrupted)
  expect(follower.arm.servos.some(({ torque }) => torque)).toBe(false)
  await expect(ControlElsewhere.find(bus, robot, { signal: ending.signal })).rejects.toThrow(Interrupted)
})
