import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readRobot } from '../../app/robot/load-robot.js'
import { openBag } from '../../middleware/bag/bag.js'
import { prehend, startPrehend, type Started } from '../e2e/prehend.js'
import { Scratch } from '../policy/onnx-models.js'
import { steadyModel } from '../policy/steady-model.js'
import { Files, motorArm, near, until } from './arms.js'

const PLAN = [0.8, -0.5, 0.3]

let files: Files
let scratch: Scratch
let follower: ReturnType<typeof motorArm>
let started: Started | undefined
let robot: string

beforeEach(() => {
  files = new Files()
  scratch = new Scratch()
  follower = motorArm([0.2, -0.2, 0.5])
  // A busy machine is not tested here.
  robot = files.write(
    'patient.yaml',
    readFileSync(files.follower(follower.arm.host.path), 'utf8').replace('person: 400 ms', 'policy: 2 s'),
  )
})
afterEach(async () => {
  started?.child.kill('SIGKILL')
  await follower.arm.host.close()
  files.remove()
  scratch.remove()
})

const at = (): number[] => follower.joints.map(joint => joint.position())
const isUntouched = (): boolean => !follower.arm.servos.some(({ torque }) => torque)

describe('prehend run --source bus', () => {
  it('lets a policy move an arm of servos without ROS, stops and goes on by typed words, and records', async () => {
    const policy = steadyModel(scratch, readRobot(robot), { from: ['joints'], wants: { arm: PLAN } })
    const out = join(files.folder, 'run.mcap')
    const args = ['run', '--source', 'bus', '--robot', robot, '--policy', policy, '--record', out, '--say', 'stop']
    const run = (started = startPrehend([...args, '--json']))
    await run.said(/starting on serial ports/)
    // The arm holds where it stands, since it was told to stop.
    await until(() => follower.arm.servos.every(({ torque }) => torque), at)
    expect(near(at(), [0.2, -0.2, 0.5])).toBe(true)
    run.child.stdin?.write('resume\n')
    await until(() => near(at(), PLAN), at)
    run.child.kill('SIGINT')
    const { status, stdout, stderr } = await run.end
    expect(status, stderr).toBe(0)
    const result = JSON.parse(stdout) as { observations: number; chunks: number; serial: { framesSent: number } }
    expect(result).toMatchObject({ episodes: 0, voiceEvents: 2 })
    expect(result.observations).toBeGreaterThan(10)
    expect(result.chunks).toBeGreaterThan(10)
    expect(result.serial.framesSent).toBeGreaterThan(100)
    const bag = await openBag(out)
    expect(bag.damage).toBeUndefined()
    expect(bag.topics.find(({ name }) => name === '/joint_states')?.count).toBeGreaterThan(10)
    await bag.close()
  })

  it.each([
    ['a camera', '  top: { topic: /top, type: sensor_msgs/msg/Image }', [], 'no stream of top comes from a servo bus'],
    ['episodes', '', ['--episodes', '2'], '--source bus: nobody judges an episode here'],
    ['a lockstep', '', ['--lockstep'], '--source bus: lockstep and demonstrations need the embedded cell'],
  ])('%s is refused in one line, and nothing moves', (_what, stream, args, text) => {
    const file = files.write('other.yaml', readFileSync(robot, 'utf8').replace('streams:\n', `streams:\n${stream}\n`))
    const { status, stderr } = prehend(['run', '--source', 'bus', '--robot', file, ...args])
    expect(status, stderr).toBe(2)
    expect(stderr.trimEnd().split('\n')).toEqual([expect.stringContaining(text)])
    expect(isUntouched()).toBe(true)
  })

  it('the SO-101 file with its cameras is refused by their names', () => {
    const { status, stderr } = prehend(['run', '--source', 'bus', '--robot', 'examples/robots/so101.yaml'])
    expect([status, stderr]).toEqual([
      2,
      'prehend: robot so101: --source bus: no stream of overhead, wrist comes from a servo bus; ' +
        'leave that out of the robot file, or use --source ros2\n',
    ])
  })

  it('a robot whose arm is on topics is refused', () => {
    const { status, stderr } = prehend(['run', '--source', 'bus', '--robot', 'cell', '--port', '/nowhere'])
    expect([status, stderr.split('\n').length]).toEqual([2, 2])
    expect(stderr).toMatch(/no stream of rgb, depth, wrench, .*, and arm is commanded on a topic/)
  })
})
