import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { describeCompensation } from '../../app/robot/describe-compensation.js'
import { describeDifference } from '../../robots/canonical.js'
import { parseRobot } from '../../robots/robot-file.js'
import type { Robot } from '../../robots/robot.js'
import { inverse, rotate, times, transform, type Transform } from '../fusion/gravity-reference.js'

const cellText = readFileSync(new URL('../../robots/cell.yaml', import.meta.url), 'utf8')

const file = (compensate: object | undefined, more: object = {}): string =>
  stringify({
    robot: 'bench',
    tick: { rate: '100 Hz' },
    streams: {
      wrench: { topic: '/wrench', type: 'geometry_msgs/msg/WrenchStamped', ...(compensate && { compensate }) },
      joints: { topic: '/joints', type: 'sensor_msgs/msg/JointState' },
      tool: { topic: '/tool', type: 'geometry_msgs/msg/PoseStamped' },
    },
    ...more,
  })
const read = (compensate: object | undefined, more?: object): Robot => parseRobot(file(compensate, more), 'bench.yaml')
const compensation = (robot: Robot) => robot.streams.find(({ name }) => name === 'wrench')?.compensate

test('mass and orientation suffice; quantities become SI numbers', () => {
  expect(compensation(read({ orientation: 'tool', mass: '350 g' }))).toEqual({
    orientation: 'tool',
    mass: 0.35,
    centre: [0, 0, 0],
    forceBias: [0, 0, 0],
    torqueBias: [0, 0, 0],
    mount: { xyz: [0, 0, 0], rpy: [0, 0, 0] },
    gravity: [0, 0, -9.80665],
    maxAge: 50_000_000,
  })
  const whole = {
    orientation: 'tool',
    mass: '0.35 kg',
    centre: ['1 mm', '2 mm', '4 cm'],
    force_bias: ['1 N', '-2 N', '192 N'],
    torque_bias: ['0.1 N m', 0, '-0.2 N m'],
    mount: { xyz: [0, 0, '-160 mm'], rpy: [0, 0, '90 deg'] },
    gravity: [0, '-9.81 m/s^2', 0],
    max_age: '20 ms',
  }
  expect(compensation(read(whole))).toEqual({
    orientation: 'tool',
    mass: 0.35,
    centre: [0.001, 0.002, 0.04],
    forceBias: [1, -2, 192],
    torqueBias: [0.1, 0, -0.2],
    mount: { xyz: [0, 0, -0.16], rpy: [0, 0, 1.57079632679] },
    gravity: [0, -9.81, 0],
    maxAge: 20_000_000,
  })
})

test('the canonical text is itself a file that means the same, and only it has the compensation', () => {
  const robot = read(
    { orientation: 'tool', mass: 1, mount: 'ft' },
    { frames: { ft: { parent: 'flange', xyz: [0, 0, 1] } } },
  )
  const again = parseRobot(robot.canonical, 'again')
  expect(again.canonical).toBe(robot.canonical)
  expect(compensation(again)).toEqual(compensation(robot))
  expect(robot.canonical).toContain('"compensate":{"centre":[0,0,0]')
  expect(parseRobot(cellText, 'cell.yaml').canonical).not.toContain('compensate')
})

test('a model that was trained with another payload is another translation', () => {
  const light = read({ orientation: 'tool', mass: 1 })
  const heavy = read({ orientation: 'tool', mass: 2 })
  const plain = read(undefined)
  expect(new Set([light.sha256, heavy.sha256, plain.sha256]).size).toBe(3)
  expect(describeDifference(light.canonical, heavy.canonical)).toBe('streams.wrench.compensate.mass: 1 in a, 2 in b')
})

test('a mount that is a frame of the file is followed through its parents to the tool', () => {
  const frames = {
    adapter: { parent: 'tool0', xyz: ['10 mm', '-20 mm', '30 mm'], rpy: ['30 deg', '-40 deg', '50 deg'] },
    sensor: { parent: 'adapter', xyz: ['5 mm', '6 mm', '7 mm'], rpy: ['-70 deg', '20 deg', '110 deg'] },
  }
  const { mount } = compensation(read({ orientation: 'tool', mass: 1, mount: 'sensor' }, { frames }))!
  const rad = Math.PI / 180
  /** Rz(yaw) Ry(pitch) Rx(roll), as URDF says. */
  const rpy = ([r, p, y]: readonly number[], place: readonly number[]): Transform =>
    times(
      transform([0, 0, 0], place),
      times(transform([0, 0, y!]), times(transform([0, p!, 0]), transform([r!, 0, 0]))),
    )
  const expected = times(
    rpy([30 * rad, -40 * rad, 50 * rad], [0.01, -0.02, 0.03]),
    rpy([-70 * rad, 20 * rad, 110 * rad], [0.005, 0.006, 0.007]),
  )
  const apart = times(inverse(expected), rpy(mount.rpy, mount.xyz))
  for (const axis of [0, 1, 2])
    expect(
      rotate(
        apart,
        [0, 1, 2].map(i => Number(i === axis)),
      )[axis],
    ).toBeCloseTo(1, 10)
  for (const row of apart.slice(0, 3)) expect(row[3]).toBeCloseTo(0, 10)
})

test('prehend check explains it', () => {
  const robot = read({ orientation: 'tool', mass: '350 g', centre: [0, 0, '40 mm'], mount: { rpy: [0, 0, '90 deg'] } })
  expect(robot.streams.flatMap(describeCompensation)).toEqual([
    "  wrench is the wrench on the tool, in the tool's frame:",
    '    without the weight of 0.35 kg at 0, 0, 40 mm, by the orientation of tool, which may be 50 ms away; ' +
      'gravity is 0, 0, -9.80665 m/s^2 in its frame',
    '    without the bias of 0, 0, 0 N and 0, 0, 0 N m',
    '    its sensor is at 0, 0, 0 mm, turned by 0, 0, 90 deg',
  ])
})

const mass = 1
test.each([
  [{ orientation: 'tool' }, /compensate\.mass: expected a mass such as '0\.1 kg', from 0 kg to 1000 kg/],
  [{ orientation: 'tool', mass: '1 N' }, /compensate\.mass: got '1 N' \(a force\)/],
  [{ orientation: 'tool', mass: -1 }, /compensate\.mass: got -1, must be from 0 kg to 1000 kg/],
  [{ mass }, /compensate\.orientation: expected the name of the geometry_msgs\/msg\/PoseStamped stream/],
  [{ orientation: 'tol', mass }, /compensate\.orientation: 'tol': no such stream, did you mean 'tool'\?/],
  [{ orientation: 'joints', mass }, /compensate\.orientation: 'joints' is no geometry_msgs\/msg\/PoseStamped: tool/],
  [{ orientation: 'tool', mass, mount: 'ft' }, /compensate\.mount: 'ft' is no frame of this file, which has none/],
  [{ orientation: 'tool', mass, gravity: [0, 0, 0] }, /compensate\.gravity: is shorter than 0\.1 m\/s\^2/],
  [{ orientation: 'tool', mass, centre: [0, 0] }, /compensate\.centre: expected three values: \[x, y, z\]/],
  [{ orientation: 'tool', mass, max_age: '1 hour' }, /compensate\.max_age: got "1 hour", must be from 1 ms to 10 s/],
  [{ orientation: 'tool', mass, weight: 3 }, /compensate\.weight: 'weight': no such key here/],
])('%j is refused in one line', (compensate, message) => {
  expect(() => read(compensate)).toThrow(message)
  expect(() => read(compensate)).toThrow(/^bench\.yaml:\d+: streams\.wrench\.[^\n]*$/)
})

test('a stream that is no wrench, and a frame with a misspelt name, are refused', () => {
  const text = file(undefined).replace('JointState', 'JointState\n    compensate: { orientation: tool, mass: 1 }')
  expect(() => parseRobot(text, 'bench.yaml')).toThrow(
    /streams\.joints\.compensate: only a wrench has a weight in it, this is sensor_msgs\/msg\/JointState$/,
  )
  const frames = { wrist: { parent: 'tool0' } }
  expect(() => read({ orientation: 'tool', mass, mount: 'wrisd' }, { frames })).toThrow(
    /compensate\.mount: 'wrisd': no such frame, did you mean 'wrist'\?$/,
  )
})
