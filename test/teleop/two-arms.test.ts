import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readRobot } from '../../app/robot/load-robot.js'
import { groundNamed } from '../../app/teleop/ground.js'
import { personInput } from '../../app/teleop/person-inputs.js'
import { TeleopLoop } from '../../app/teleop/teleop-loop.js'
import type { Robot } from '../../robots/robot.js'
import { ServoRotor } from '../../sim/firmware/servo-rotor.js'
import { Scratch } from '../policy/onnx-models.js'
import { steadyModel } from '../policy/steady-model.js'
import { Arm, Files, HeldJoint, near, until } from './arms.js'

const SIDES = ['left', 'right'] as const
type Side = (typeof SIDES)[number]
const EXAMPLE = readFileSync(new URL('../../examples/robots/two-arms.yaml', import.meta.url), 'utf8')
/** rad, of the joints in the order of their ids. */
const PLAN: Readonly<Record<Side, readonly number[]>> = {
  left: [0.8, -0.5, 0.6, 0.2, -0.4, 0.9],
  right: [-0.8, 0.5, -0.6, -0.2, 0.4, 0.3],
}
const HAND: Readonly<Record<Side, readonly number[]>> = {
  left: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
  right: [-0.1, -0.2, -0.3, -0.4, -0.5, 0],
}

/** The example on these ports. Its camera is left out: no test has one. */
const robotText = (ports: Readonly<Record<Side, string>>): string =>
  EXAMPLE.replace('tick: { from: rgb }', 'tick: { rate: 30 Hz }')
    .replace(/^ {2}rgb: .*\n/m, '')
    .replace('/dev/serial/by-path/left', ports.left)
    .replace('/dev/serial/by-path/right', ports.right)
    .concat('  watchdog: { person: 400 ms, policy: 1 s }\n')

let files: Files
let scratch: Scratch
let arms: Record<Side, Arm>
let rotors: Record<Side, readonly ServoRotor[]>
let leaders: Record<Side, Arm>
let held: Record<Side, readonly HeldJoint[]>
let loop: TeleopLoop | undefined
const errors: string[] = []

const bySide = <T>(make: (side: Side) => T): Record<Side, T> => ({ left: make('left'), right: make('right') })
const at = (side: Side): number[] => rotors[side].map(joint => joint.position())
const state = (): object => ({ at: bySide(at), motion: loop?.control.motion, errors })

beforeEach(() => {
  files = new Files()
  scratch = new Scratch()
  rotors = bySide(() => Array.from({ length: 6 }, () => new ServoRotor(0.1)))
  held = bySide(side => HAND[side].map(position => Object.assign(new HeldJoint(), { at: position })))
  arms = bySide(side => new Arm(rotors[side]))
  leaders = bySide(side => new Arm(held[side]))
  errors.length = 0
})
afterEach(async () => {
  await loop?.close()
  loop = undefined
  for (const side of SIDES) await Promise.all([arms[side].host.close(), leaders[side].host.close()])
  files.remove()
  scratch.remove()
})

/** A policy that looks at all joints and always wants PLAN. */
const model = (robot: Robot): string =>
  steadyModel(scratch, robot, { from: ['left_joints', 'right_joints'], wants: PLAN })

describe('two arms on two buses, with one policy', () => {
  it('both follow it, a person at two leaders, and it again; both hold when one is unplugged', async () => {
    const robot = readRobot(files.write('two.yaml', robotText(bySide(side => arms[side].host.path))))
    const leader = files.write(
      'leaders.yaml',
      robotText(bySide(side => leaders[side].host.path)).replaceAll(/topic: \/(left|right)\//g, 'topic: /leader/$1/'),
    )
    const teleop = (loop = await TeleopLoop.start({
      robot,
      seed: 1,
      signal: new AbortController().signal,
      ground: groundNamed('bus'),
      kind: personInput('leader'),
      inputs: { leader },
      policy: model(robot),
      onNotice: () => undefined,
      onLost: text => errors.push(text),
      onError: error => errors.push(String(error)),
      onPolicyEnded: () => errors.push('the policy has ended'),
      onRecordingLost: () => undefined,
    }))
    const both = (wanted: Readonly<Record<Side, readonly number[]>>): boolean =>
      SIDES.every(side => near(at(side), wanted[side], 0.03))
    await until(() => both(PLAN), state)
    expect(teleop.commander).toBe('policy')
    await until(() => teleop.control.followed === 'policy', state)
    teleop.operate('take')
    await until(() => both(HAND), state)
    await until(() => teleop.control.followed === 'person', state)
    teleop.operate('give')
    await until(() => both(PLAN), state)
    expect(errors).toEqual([])
    await arms.right.host.close()
    await until(() => teleop.control.motion.startsWith('holding: an arm has a fault'), state)
    teleop.operate('take')
    const stood = at('left')
    await new Promise(resolve => setTimeout(resolve, 500))
    expect(teleop.control.motion).toMatch(/^holding: an arm has a fault/)
    expect(near(at('left'), stood, 0.02)).toBe(true)
    expect(near(at('left'), PLAN.left, 0.03)).toBe(true)
    expect(arms.left.servos.every(({ torque }) => torque)).toBe(true)
    expect(errors.join()).toMatch(/the device is gone|right: servo 1 .* does not answer/)
  })
})
