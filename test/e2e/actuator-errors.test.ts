import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { command } from './command.js'
import { root, temporaryFolder } from './prehend.js'

const folder = temporaryFolder()
const UR5E = readFileSync(join(root, 'examples/robots/ur5e-2f85.yaml'), 'utf8')
writeFileSync(join(folder, 'ur5e.urdf'), readFileSync(join(root, 'examples/robots/ur5e.urdf')))

const joints = (more: string): string => `robot: pair
tick: { rate: 30 Hz }
streams: { joints: { topic: joints, type: sensor_msgs/msg/JointState, select: [position.a, position.b] } }
actions:
  left: { topic: left, type: std_msgs/msg/Float64MultiArray, values: position, joints: [a], state: joints${more} }
  right: { topic: right, type: std_msgs/msg/Float64MultiArray, values: position, joints: [b], state: joints }
limits:
  joints:
    a: { position: [-1 rad, 1 rad], velocity: 1 rad/s }
    b: { position: [-1 rad, 1 rad], velocity: 1 rad/s }
`

/** Robot files that are wrong, and what their one line says. */
const WRONG: readonly (readonly [what: string, text: string, line: RegExp])[] = [
  [
    'a home pose that breaks the limits',
    joints(', home: { a: 1.5 rad }'),
    /wrong\.yaml:5: actions\.left\.home\.a: 1\.5 rad breaks the limits of position, from -1 to 1 rad/,
  ],
  [
    'a URDF without the named link',
    UR5E.replace('tip: tool0', 'tip: flange'),
    /wrong\.yaml:\d+: actions\.arm\.kinematics\.tip: ur5e\.urdf: 'flange': no such link/,
  ],
  [
    'two actuators on one topic',
    joints('').replace('topic: right', 'topic: left'),
    /wrong\.yaml:6: actions\.right\.topic: the topic \/left is commanded by 'left' too; leave one out/,
  ],
  [
    'two actuators on one port',
    UR5E.replace(
      /^ {2}gripper: \{ driver.*$/m,
      line => `${line}\n  other: { driver: robotiq-2f85, port: { path: /dev/ttyUSB0 } }`,
    ),
    /wrong\.yaml:\d+: actions\.\w+\.port\.path: \/dev\/ttyUSB0 is the port of '\w+' too/,
  ],
  [
    'a limit of acceleration that nothing keeps',
    joints('').replace('limits:\n', 'limits:\n  acceleration: 1 m/s^2\n'),
    /wrong\.yaml:8: limits\.acceleration: no actuator of this file takes velocities of its tool; leave this out/,
  ],
]

describe('a robot file with actuators that cannot be', () => {
  test.each(WRONG)('%s: one line, exit code 2, nothing moved', async (_what, text, line) => {
    const path = join(folder, 'wrong.yaml')
    writeFileSync(path, text)
    for (const words of [
      ['check', path],
      ['run', '--source', 'ros2', '--robot', path],
    ]) {
      const { status, stdout, stderr } = await command(words)
      expect([status, stdout]).toEqual([2, ''])
      expect(stderr).toMatch(/^prehend: [^\n]+\n$/)
      expect(stderr).toMatch(line)
    }
  })
})

test('a home pose whose tool is outside of the workspace is said by check: one line, exit code 2', async () => {
  const path = join(folder, 'low.yaml')
  writeFileSync(path, UR5E.replace('z: [0.02 m, 0.9 m]', 'z: [0.02 m, 0.3 m]'))
  expect(await command(['check', path])).toEqual({
    status: 2,
    stdout: '',
    stderr: expect.stringMatching(
      /^prehend: robot ur5e-2f85: actions\.arm\.home: it puts tool0 at z = 0\.\d+ m, and the workspace goes from 0\.02 to 0\.3 m; change one of the two\n$/,
    ) as unknown,
  })
})
