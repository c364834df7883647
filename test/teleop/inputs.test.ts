import { describe, expect, it } from 'vitest'
import { Follower } from '../../app/teleop/follower.js'
import { gamepad } from '../../app/teleop/inputs/gamepad.js'
import { keyboard } from '../../app/teleop/inputs/keyboard.js'
import { keyNames } from '../../app/teleop/key-names.js'
import type { InputKind, PersonInput } from '../../app/teleop/person-input.js'
import { readRobot } from '../../app/robot/load-robot.js'
import { poseOf } from '../../control/arm/tool-pose.js'
import { ChunkExecutor } from '../../control/chunk/chunk-executor.js'
import { LocalBus } from '../../middleware/local/local-bus.js'
import { SteppedClock } from '../../middleware/local/stepped-clock.js'
import { decode, encode } from '../../middleware/cdr/codecs.js'
import { executableOf } from '../../nodes/chunk-message.js'

const MS = 1_000_000
const robot = readRobot('cell')
const START = { x: 0.1, y: -0.05, z: 0.2, yaw: 0.7 }

class Rig {
  readonly clock = new SteppedClock(1000 * MS)
  readonly bus = new LocalBus(this.clock)
  readonly follower = new Follower(robot)
  readonly operated: string[] = []
  readonly wanted = new Float64Array(this.follower.channels.length)
  readonly input: PersonInput
  readonly #joy = this.bus.advertise('/joy', 'sensor_msgs/msg/Joy')

  constructor(kind: InputKind) {
    this.follower.subscribe(this.bus, [])
    this.input = kind.make({
      bus: this.bus,
      robot,
      channels: this.follower.channels,
      options: {},
      busTimeOf: () => this.clock.now(),
      operate: word => this.operated.push(word),
      onNotice: () => undefined,
      onError: error => expect.unreachable(String(error)),
    })
    this.place(START)
    this.wanted.set(this.follower.measured ?? [])
  }

  place(target: typeof START): void {
    const pose = poseOf(target, new Float64Array(7))
    this.bus.advertise('/tool_pose', 'geometry_msgs/msg/PoseStamped').publish({ stamp: 0, frameId: '', pose })
  }

  joy(axes: readonly number[], down: readonly number[] = []): void {
    const buttons = Int32Array.from({ length: 11 }, (_, i) => Number(down.includes(i)))
    this.#joy.publish({ stamp: this.clock.now(), frameId: '', axes: Float32Array.from(axes), buttons })
  }

  /** Passes 20 ms. */
  step(): boolean {
    this.clock.advanceTo(this.clock.now() + 20 * MS)
    return this.input.update(this.wanted, this.clock.now())
  }
}

describe('a gamepad', () => {
  it('moves the tool as fast as its limits at the full way, and nothing in its middle', async () => {
    const rig = new Rig(gamepad)
    await rig.input.open()
    rig.joy([0, 1, 0, 0, -0.5])
    rig.step()
    const from = [...rig.wanted]
    for (let i = 0; i < 5; i++) {
      rig.joy([0.05, 1, 0, 0, -0.5])
      expect(rig.step()).toBe(true)
    }
    const { speed } = robot.limits
    expect(rig.wanted[0] - from[0]).toBeCloseTo(speed * 0.1, 9)
    expect(rig.wanted[1]).toBe(from[1])
    expect(rig.wanted[2] - from[2]).toBeCloseTo(-0.5 * speed * 0.1, 6)
  })

  it('is not heard any more 200 ms after its last message', async () => {
    const rig = new Rig(gamepad)
    await rig.input.open()
    expect(rig.step()).toBe(false)
    rig.joy([0, 1])
    for (let i = 0; i < 10; i++) expect(rig.step()).toBe(true)
    expect(rig.step()).toBe(false)
    // The silence is not made up for.
    const before = rig.wanted[0]
    for (let i = 0; i < 50; i++) rig.step()
    rig.joy([0, 1])
    rig.step()
    expect(rig.wanted[0] - before).toBeLessThanOrEqual(robot.limits.speed * 0.02 + 1e-9)
  })

  it('operates once a press, and not by what is held down from the beginning', async () => {
    const rig = new Rig(gamepad)
    await rig.input.open()
    rig.joy([], [6])
    rig.joy([], [6, 2])
    rig.joy([], [2])
    rig.joy([], [])
    rig.joy([], [6])
    expect(rig.operated).toEqual(['begin', 'stop'])
  })

  it('has messages that a codec writes and reads', () => {
    const message = { stamp: 5, frameId: 'pad', axes: Float32Array.of(0.5, -1), buttons: Int32Array.of(1, 0) }
    expect(decode('sensor_msgs/msg/Joy', encode('sensor_msgs/msg/Joy', message, 0), 0)).toMatchObject(message)
  })
})

describe('the chunk of a person for an arm of poses', () => {
  it('leads exactly to what they want, by the offsets that policies of version 1 have', () => {
    const rig = new Rig(gamepad)
    const wanted = Float64Array.of(0.15, 0.02, 0.25, -0.4, 0.25)
    const chunk = rig.follower.chunk(wanted, rig.clock.now(), 50)!
    const executor = new ChunkExecutor('receding_horizon')
    expect(executor.push(executableOf(chunk))).toBe(true)
    executor.sample(rig.clock.now() + 20 * MS)
    const [pose, fingers] = executor.setPoint.groups
    const expected = poseOf({ x: 0.15, y: 0.02, z: 0.25, yaw: -0.4 }, new Float64Array(7))
    const sign = Math.sign(pose[3] * expected[3] + pose[4] * expected[4])
    expected.forEach((value, i) => expect(pose[i]).toBeCloseTo(i < 3 ? value : sign * value, 6))
    const [least, most] = robot.limits.width
    expect(fingers[0]).toBeCloseTo(least + 0.25 * (most - least), 6)
  })

  it('is none while the pose of the tool is not known', () => {
    const follower = new Follower(robot)
    expect(follower.measured).toBeUndefined()
    expect(follower.chunk(new Float64Array(5), 0, 50)).toBeUndefined()
  })
})

describe('the keys of a terminal', () => {
  it('are told apart, also where several come at once', () => {
    expect(keyNames('\u001b[Aa\u001bOB \u001b[5~\u001b\u0003é')).toEqual([
      'up',
      'a',
      'down',
      'space',
      'page up',
      '\u001b',
      '\u0003',
      'é',
    ])
  })

  it('is refused without a terminal', () => expect(() => new Rig(keyboard)).toThrow(/standard input is no terminal/))
})
