import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseRobot } from '../../robots/robot-file.js'
import { Rig } from './rig.js'

const cell = readFileSync(new URL('../../robots/cell.yaml', import.meta.url), 'utf8')
// The tool of the rig points down, so its z axis looks along gravity.
const robot = parseRobot(
  cell.replace('tare: 200 ms,', 'tare: 200 ms, compensate: { orientation: tool, mass: 1 kg },'),
  'cell.yaml',
)
const WEIGHT = 9.80665

test('the guard feels nothing while the tool hangs at rest, and what is more than the weight is a contact', async () => {
  const rig = await new Rig({ robot }).up()
  rig.force = WEIGHT
  await rig.run(400)
  expect(rig.control.guard.force).toBeLessThan(1e-9)
  expect(rig.control.guard.state).toBe('free')
  rig.force = WEIGHT - 5
  await rig.run(60)
  expect(rig.control.guard.force).toBeCloseTo(5, 9)
  expect(rig.control.guard.state).toBe('contact')
})

test('a tool that is turned over is compensated by its new orientation', async () => {
  const rig = await new Rig({ robot }).up()
  rig.force = WEIGHT
  await rig.run(400)
  rig.silent.add('policy')
  rig.tool.set([0, 0, 0, 1], 3)
  rig.force = -WEIGHT
  await rig.run(60)
  expect(rig.control.guard.force).toBeLessThan(1e-9)
  rig.force = WEIGHT
  await rig.run(1)
  expect(rig.control.guard.force).toBeCloseTo(2 * WEIGHT, 9)
})

test('where the poses stop, wrenches are not used: the watchdog holds the motion, and the user is told once', async () => {
  const notices: string[] = []
  const rig = await new Rig({ robot, onNotice: text => notices.push(text) }).up()
  rig.force = WEIGHT
  await rig.run(400)
  expect(rig.control.hold).toBe('none')
  const before = rig.control.unorientedWrenches
  rig.silent.add('tool')
  await rig.run(1300)
  expect(rig.control.hold).toBe('wrench')
  expect(rig.control.unorientedWrenches - before).toBeGreaterThan(1200)
  expect(notices).toEqual([
    'stream wrench (/wrist/wrench): no pose of tool (/tool_pose) lies within 50 ms of its stamps: ' +
      'it is not used until there is one',
  ])
  rig.silent.delete('tool')
  await rig.run(150)
  expect(rig.control.hold).toBe('none')
})
