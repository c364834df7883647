import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { controlPart } from '../../app/session/parts/control-part.js'
import { grippersOf, otherGrippers } from '../../app/session/robot-gripper.js'
import { Session } from '../../app/session/session.js'
import { LocalBus } from '../../middleware/local/local-bus.js'
import { SystemClock } from '../../middleware/local/system-clock.js'
import type { JointState } from '../../middleware/messages.js'
import { CHUNK_TOPIC } from '../../nodes/fusion-node.js'
import { actuatorFaults } from '../../policy/action/actuator-faults.js'
import { parseRobot } from '../../robots/robot-file.js'
import { startFirmwareHost, type FirmwareHost } from '../../sim/firmware/host.js'
import { SpringPlant } from '../../sim/firmware/spring-plant.js'
import { group } from './topic-robot.js'

const NAMES = ['left', 'right'] as const
type Name = (typeof NAMES)[number]
const GROUPS = NAMES.map(name => group({ name, kind: 'gripper', channels: ['width', 'effort'] }))

/** A policy of contract version 2 that commands two grippers, each an emulated one on a pseudo-terminal of its own. */
class Pair {
  readonly errors: string[] = []
  readonly bus = new LocalBus(new SystemClock(), { onError: error => this.errors.push(String(error)) })
  readonly plants: Readonly<Record<Name, SpringPlant>> = { left: new SpringPlant(), right: new SpringPlant() }
  readonly hosts = new Map<Name, FirmwareHost>()
  readonly states: Readonly<Record<Name, JointState[]>> = { left: [], right: [] }
  /** Widths that the policy commands, m. */
  widths: Readonly<Record<Name, number>> = { left: 0.02, right: 0.06 }
  chunks = 0
  readonly folder = mkdtempSync(join(tmpdir(), 'prehend-two-grippers-'))
  readonly robot = parseRobot(
    `robot: pair
tick: { rate: 30 Hz }
streams:
  left: { topic: /left, type: sensor_msgs/msg/JointState, select: [position.left] }
  right: { topic: /right, type: sensor_msgs/msg/JointState, select: [position.right] }
  voice: { topic: /voice/events, type: prehend_interfaces/msg/VoiceEvent }
actions:
${NAMES.map(name => `  ${name}: { driver: robotiq-2f85, port: { path: ${join(this.folder, name)} } }`).join('\n')}
limits: { width: [0 mm, 80 mm], effort: [20 N, 120 N], watchdog: { policy: 10 s } }
`,
    'pair.yaml',
  )
  readonly own = otherGrippers(this.robot, { patience: 1000 })
  readonly control
  readonly #chunks = this.bus.advertise(`/${CHUNK_TOPIC}`, 'prehend_interfaces/msg/ActionChunk')
  readonly #voice = this.bus.advertise('/voice/events', 'prehend_interfaces/msg/VoiceEvent')

  constructor() {
    for (const name of NAMES) {
      this.plugIn(name, 'reset')
      this.bus.subscribe(`/${name}`, 'sensor_msgs/msg/JointState', state => void this.states[name].push(state))
    }
    this.control = Session.assemble(
      { robot: this.robot, bus: this.bus, onError: error => this.errors.push(String(error)) },
      {
        control: controlPart({
          grippers: grippersOf(this.own),
          execution: 'receding_horizon',
          onNotice: text => this.errors.push(text),
        }),
      },
    ).nodes.control
  }

  plugIn(name: Name, initial: 'reset' | 'activated'): void {
    const host = startFirmwareHost({ plant: this.plants[name], initial })
    this.hosts.set(name, host)
    rmSync(join(this.folder, name), { force: true })
    symlinkSync(host.path, join(this.folder, name))
  }

  async up(): Promise<void> {
    await this.control.configure()
    await this.control.activate()
    this.bus.clock.every(33_000_000, () => this.#chunk())
  }

  say(text: string): void {
    this.#voice.publish({ stamp: this.bus.clock.now(), frameId: '', text, confidence: 1 })
  }

  at(name: Name): number {
    return this.plants[name].width()
  }

  /** Waits until both fingers are where they should be. */
  async reached(widths: Readonly<Record<Name, number>>): Promise<void> {
    await until(() => {
      for (const name of NAMES)
        expect(this.at(name), `${name} ${this.control.hold} ${this.errors.join()}`).toBeCloseTo(widths[name], 3)
    })
  }

  async close(): Promise<void> {
    await this.control.shutdown()
    await this.bus.close()
    for (const host of this.hosts.values()) await host.close()
    rmSync(this.folder, { recursive: true })
  }

  #chunk(): void {
    this.chunks++
    const row = NAMES.flatMap(name => [this.widths[name], 40])
    this.#chunks.publish({
      stamp: this.bus.clock.now(),
      frameId: '',
      rate: 30,
      data: Float32Array.from({ length: 10 * row.length }, (_, i) => row[i % row.length]!),
      origin: new Float64Array(7),
      gate: new Float32Array(0),
      graspSuccess: NaN,
      groups: GROUPS,
      origins: new Float64Array(0),
    })
  }
}

const until = (condition: () => void): Promise<void> => vi.waitFor(condition, { timeout: 30_000, interval: 10 })

let pair: Pair
beforeEach(async () => {
  pair = new Pair()
  await pair.up()
})
afterEach(() => pair.close())

test('each of two grippers follows its own group, and says its own width', { timeout: 60_000 }, async () => {
  const groups = NAMES.map(name => ({ name, kind: 'gripper', channels: ['width', 'effort'] }))
  expect(actuatorFaults(groups, pair.robot.actuators)).toEqual([])
  await pair.reached({ left: 0.02, right: 0.06 })
  await until(() => {
    expect(pair.states.left.at(-1)).toMatchObject({ name: ['left'] })
    expect(pair.states.left.at(-1)!.position[0]).toBeCloseTo(0.02, 3)
    expect(pair.states.right.at(-1)!.position[0]).toBeCloseTo(0.06, 3)
  })
  // Beyond the limits of the robot file: 80 mm.
  pair.widths = { left: 0.085, right: 0.01 }
  await pair.reached({ left: 0.08, right: 0.01 })
  expect(pair.errors).toEqual([])
  for (const { gripper } of pair.own.values()) expect(gripper.stats.framesSent).toBeGreaterThan(10)
})

test('"stop" stops both while they move, and "resume" lets both go on', { timeout: 60_000 }, async () => {
  await pair.reached({ left: 0.02, right: 0.06 })
  pair.widths = { left: 0.08, right: 0 }
  await until(() => {
    expect(pair.at('left')).toBeGreaterThan(0.025)
    expect(pair.at('right')).toBeLessThan(0.055)
  })
  pair.say('stop')
  expect(await pair.control.stop()).toBeUndefined()
  const stood = NAMES.map(name => pair.at(name))
  expect(stood[0]).toBeLessThan(0.079)
  expect(stood[1]).toBeGreaterThan(0.001)
  const { chunks } = pair
  await until(() => expect(pair.chunks).toBeGreaterThan(chunks + 15))
  expect(pair.control.hold).toBe('stop')
  expect(NAMES.map(name => pair.plants[name].commands.at(-1))).toEqual(['hold', 'hold'])
  expect(NAMES.map(name => pair.at(name))).toEqual(stood)
  pair.say('resume')
  await pair.reached({ left: 0.08, right: 0 })
})

test('all hold while the link of one is lost, and go on when it is there again', { timeout: 60_000 }, async () => {
  await pair.reached({ left: 0.02, right: 0.06 })
  await pair.hosts.get('right')!.close()
  await until(() => expect(pair.control.hold).toBe('arm'))
  await until(() => expect(pair.errors.some(text => text.includes('right: '))).toBe(true))
  expect(pair.errors.some(text => text.includes('left: '))).toBe(false)
  pair.widths = { left: 0.05, right: 0.03 }
  const { chunks } = pair
  await until(() => expect(pair.chunks).toBeGreaterThan(chunks + 10))
  expect(pair.at('left')).toBeCloseTo(0.02, 3)
  pair.plugIn('right', 'activated')
  await pair.reached({ left: 0.05, right: 0.03 })
  await until(() => expect(pair.control.hold).toBe('none'))
  expect(pair.own.get('right')!.gripper.stats.reconnects).toBeGreaterThan(0)
  expect(pair.own.get('left')!.gripper.stats.reconnects).toBe(0)
})

test('a gripper that lost its power is activated by "resume"', { timeout: 60_000 }, async () => {
  await pair.reached({ left: 0.02, right: 0.06 })
  await pair.hosts.get('left')!.close()
  await until(() => expect(pair.control.hold).toBe('arm'))
  pair.plugIn('left', 'reset')
  await until(() => expect(pair.control.grippers.get('left')!.status?.activated).toBe(false))
  expect(pair.control.hold).toBe('arm')
  pair.say('resume')
  await until(() => expect(pair.control.hold).toBe('none'))
  await pair.reached({ left: 0.02, right: 0.06 })
})

test.each(['by call', 'by voice'])(
  'a stop %s while one is activated ends that, and the other is not activated',
  { timeout: 60_000 },
  async how => {
    await pair.close()
    pair = new Pair()
    const configuring = pair.control.configure()
    const failed = expect(configuring).rejects.toMatchObject({ code: 'SUPERSEDED' })
    await until(() => expect(pair.plants.left.commands.some(command => command !== 'hold')).toBe(true))
    if (how === 'by call') await pair.control.stop()
    else pair.say('stop')
    await failed
    expect(pair.control.state).toBe('unconfigured')
    expect(pair.plants.left.commands.at(-1)).toBe('hold')
    expect(pair.plants.right.commands.filter(command => command !== 'hold')).toEqual([])
  },
)
