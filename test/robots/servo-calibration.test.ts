import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { readRobot } from '../../app/robot/load-robot.js'
import { actuatorNamed } from '../../robots/actuators/actuator-named.js'
import { parseRobot } from '../../robots/robot-file.js'
import { parseRecordedRobot } from '../../robots/recorded-robot.js'
import type { Robot } from '../../robots/robot.js'

/** Written by LeRobot: ../policy/lerobot/make_calibration.py. */
const file = readFileSync(
  fileURLToPath(new URL('../policy/lerobot/calibration/follower.json', import.meta.url)),
  'utf8',
)
const folder = mkdtempSync(join(tmpdir(), 'prehend-calibration-'))
afterAll(() => rmSync(folder, { recursive: true }))

const robotText = (more = '', driver = 'sts3215'): string => `robot: arm
tick: { rate: 30 Hz }
streams:
  joints: { topic: joint_states, type: sensor_msgs/msg/JointState, select: [position.elbow_flex, position.gripper] }
actions:
  arm:
    driver: ${driver}
    joints: { elbow_flex: { id: 3 }, gripper: { id: 6 } }
    state: joints
    ${more}
limits: { joints: { elbow_flex: { position: [-2 rad, 2 rad], velocity: 2 rad/s }, gripper: { position: [-2 rad, 2 rad], velocity: 2 rad/s } } }
`
const read = (text: string, calibration = file): Robot => {
  writeFileSync(join(folder, 'arm.yaml'), text)
  writeFileSync(join(folder, 'follower.json'), calibration)
  return readRobot(join(folder, 'arm.yaml'))
}
const busOf = (robot: Robot) => {
  const bus = actuatorNamed(robot, 'arm')
  if (bus.kind !== 'servo_bus' || !('servos' in bus)) throw new Error('no servo bus')
  return bus
}
const COUNT = (2 * Math.PI) / 4096

describe('a servo bus with a calibration of LeRobot', () => {
  test('has its joints at 0 in the middle of their ranges, and turns them by their drive mode', () => {
    const { servos } = busOf(read(robotText('calibration: follower.json')))
    expect(servos).toEqual([
      { joint: 'elbow_flex', id: 3, sign: -1, offset: expect.closeTo(((888 + 3110) / 2 - 2048) * COUNT, 11) as number },
      { joint: 'gripper', id: 6, sign: 1, offset: expect.closeTo(((2031 + 3492) / 2 - 2048) * COUNT, 11) as number },
    ])
  })

  test('whose servos turn the sign themselves does not turn it again', () => {
    expect(busOf(read(robotText('calibration: follower.json', 'xl330'))).servos[0]?.sign).toBe(1)
  })

  test('is overruled by what a joint says', () => {
    const text = robotText('calibration: follower.json').replace('{ id: 3 }', '{ id: 3, sign: 1, offset: 5 deg }')
    expect(busOf(read(text)).servos[0]).toMatchObject({ sign: 1, offset: expect.closeTo(Math.PI / 36, 12) as number })
  })

  test('closes and opens its fingers at the ends of their range', () => {
    const { finger } = busOf(read(robotText('calibration: follower.json\n    gripper: { joint: gripper }')))
    const end = ((3492 - 2031) / 2) * COUNT
    expect(finger).toEqual({
      joint: 'gripper',
      closed: expect.closeTo(-end, 11) as number,
      open: expect.closeTo(end, 11) as number,
    })
  })

  test('is the same robot in a recording, which has no files', () => {
    const robot = read(robotText('calibration: follower.json'))
    const recorded = parseRecordedRobot(robot.canonical, 'bag')
    expect(busOf(recorded)).toEqual(busOf(robot))
    expect(recorded.sha256).toBe(robot.sha256)
    expect(recorded.canonical).toBe(robot.canonical)
    const inline = read(robotText(`calibration: ${JSON.stringify(JSON.parse(file))}`))
    expect(inline.canonical).toBe(robot.canonical)
  })

  test.each<[string, string, string, RegExp]>([
    [
      'a file that is not there',
      'calibration: gone.json',
      file,
      /calibration: cannot read gone\.json: there is no such file/,
    ],
    ['no JSON', 'calibration: follower.json', 'x', /calibration: cannot read follower\.json: not JSON/],
    [
      'another file',
      'calibration: follower.json',
      '{"elbow_flex": {"id": 3, "range_min": 9}, "gripper": 5}',
      /not a calibration of LeRobot: elbow_flex\.drive_mode: .*homing_offset: .*range_max: .*gripper: /,
    ],
    [
      'no range',
      'calibration: follower.json',
      file.replace('888', '3110'),
      /elbow_flex: range_min is not below range_max: the joint has no range/,
    ],
    [
      'other joints',
      'calibration: follower.json',
      file.replace('"elbow_flex"', '"elbow"'),
      /calibration: has no elbow_flex \(it has shoulder_pan, .*elbow, .*\): it is of another arm/,
    ],
    [
      'other ids',
      'calibration: follower.json',
      file.replace('"id": 6', '"id": 7'),
      /joints\.gripper\.id: is 6, and 7 in the calibration: it is of another arm/,
    ],
    ['no range of the fingers', 'gripper: { joint: gripper, open: 1 rad }', file, /gripper\.closed: is left out/],
  ])('is refused with %s', (_what, more, calibration, says) => {
    expect(() => read(robotText(more), calibration)).toThrow(says)
    try {
      read(robotText(more), calibration)
    } catch (error) {
      expect((error as Error).message).not.toContain('\n')
    }
  })

  test('needs its values where no file is read', () => {
    expect(() => parseRobot(robotText('calibration: follower.json'), 'arm.yaml')).toThrow(
      /calibration: follower\.json is not read here: write what is in it in place of its path/,
    )
  })
})
