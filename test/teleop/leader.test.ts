import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { groundNamed } from '../../app/teleop/ground.js'
import { personInput } from '../../app/teleop/person-inputs.js'
import { TeleopLoop, type TeleopLoopOptions } from '../../app/teleop/teleop-loop.js'
import { readRobot } from '../../app/robot/load-robot.js'
import { openBag } from '../../middleware/bag/bag.js'
import { decode } from '../../middleware/cdr/codecs.js'
import { Files, heldArm, motorArm, near, until } from './arms.js'

let files: Files
let leader: ReturnType<typeof heldArm>
let follower: ReturnType<typeof motorArm>
let loop: TeleopLoop | undefined
const notices: string[] = []
const errors: string[] = []

beforeEach(() => {
  files = new Files()
  leader = heldArm()
  follower = motorArm([0.5, -0.5, 0.5])
  notices.length = errors.length = 0
})
afterEach(async () => {
  await loop?.close()
  loop = undefined
  await Promise.all([leader.arm.host.close(), follower.arm.host.close()])
  files.remove()
})

const at = (): number[] => follower.joints.map(joint => joint.position())
const put = (positions: readonly number[]): void => positions.forEach((position, i) => (leader.joints[i].at = position))
const state = (): object => ({ at: at(), motion: loop?.control.motion, notices, errors })

async function start(more: Partial<TeleopLoopOptions> = {}): Promise<TeleopLoop> {
  const robot = readRobot(files.follower(follower.arm.host.path))
  return (loop = await TeleopLoop.start({
    robot,
    seed: 1,
    signal: new AbortController().signal,
    ground: groundNamed('bus'),
    kind: personInput('leader'),
    inputs: { leader: files.leader(leader.arm.host.path) },
    onNotice: text => notices.push(text),
    onLost: text => errors.push(text),
    onError: error => errors.push(String(error)),
    onPolicyEnded: () => undefined,
    onRecordingLost: () => undefined,
    ...more,
  }))
}

describe('a leader arm on a servo bus of its own', () => {
  it('moves the follower joint by joint, the jaw by its share, within the limits and without a jump', async () => {
    put([-0.6, 0.4, 0.5])
    const began = performance.now()
    await start()
    await until(() => near(at(), [-0.6, 0.4, 1]), state)
    // 1.1 rad at 1 rad/s.
    expect(performance.now() - began).toBeGreaterThan(1000)
    put([0.2, -0.3, 0])
    await until(() => near(at(), [0.2, -0.3, 0]), state)
    // Beyond the limits of the follower.
    put([3, -3, 0.25])
    await until(() => near(at(), [1.5, -1, 0.5]), state)
    expect(leader.arm.servos.some(({ torque }) => torque)).toBe(false)
    expect(leader.joints.some(({ driven }) => driven)).toBe(false)
    expect(follower.arm.servos.every(({ torque }) => torque)).toBe(true)
    expect(errors).toEqual([])
  })

  it('stops and goes on by word, and stays where it is at the end', async () => {
    const teleop = await start()
    await until(() => near(at(), [0, 0, 0]), state)
    teleop.operate('stop')
    const stood = at()
    put([1, 0.5, 0.5])
    await new Promise(resolve => setTimeout(resolve, 300))
    expect([teleop.control.motion, near(at(), stood)]).toEqual(['stopped: "resume" goes on', true])
    teleop.operate('resume')
    await until(() => near(at(), [1, 0.5, 1]), state)
    await teleop.close()
    expect(near(at(), [1, 0.5, 1])).toBe(true)
    expect(follower.arm.servos.every(({ torque }) => torque)).toBe(true)
  })

  it('holds the follower when it is unplugged', async () => {
    const teleop = await start()
    put([0.8, 0.8, 0.5])
    await until(() => near(at(), [0.8, 0.8, 1]), state)
    await leader.arm.host.close()
    await until(() => teleop.control.motion.startsWith('holding: nothing from the leader arm'), state)
    await new Promise(resolve => setTimeout(resolve, 200))
    expect(near(at(), [0.8, 0.8, 1])).toBe(true)
    expect(errors.join()).toContain(`${leader.arm.host.path}: the device is gone`)
  })

  it('records episodes with what the person commanded, what was sent, and who was followed', async () => {
    const out = join(files.folder, 'out.mcap')
    const teleop = await start({ record: out, say: 'pick it' })
    await until(() => near(at(), [0, 0, 0]), state)
    expect(teleop.operate('won')).toBe('no episode has begun')
    teleop.operate('begin')
    put([0.4, 0.2, 0.5])
    await until(() => near(at(), [0.4, 0.2, 1]), state)
    teleop.operate('won')
    teleop.operate('begin')
    teleop.operate('lost')
    await teleop.close()
    const bag = await openBag(out)
    try {
      const count = Object.fromEntries(bag.topics.map(({ name, count: n }) => [name, n]))
      expect(count).toMatchObject({ '/episode': 2, '/episode/result': 2, '/voice/events': 2 })
      for (const topic of ['/joint_states', '/control/arm/command', '/teleop/action_chunk'])
        expect([topic, (count[topic] ?? 0) > 20]).toEqual([topic, true])
      const said: string[] = []
      const results: unknown[] = []
      for await (const batch of bag.batches())
        for (const { topic, data } of batch) {
          if (topic === '/control/commander') said.push(decode('std_msgs/msg/String', data, 0).data)
          if (topic === '/episode/result') results.push(JSON.parse(decode('std_msgs/msg/String', data, 0).data))
        }
      expect(new Set(said)).toEqual(new Set(['nobody', 'person']))
      expect(results).toMatchObject([
        { index: 0, command: 'pick it', success: true },
        { index: 1, success: false },
      ])
    } finally {
      await bag.close()
    }
  })
})

describe('a leader that does not fit', () => {
  it.each([
    [
      'other joints',
      (text: string) => text.replaceAll('lift', 'elbow'),
      /arm\.lift: arm of the leader has no joint lift/,
    ],
    [
      'the same topic',
      (text: string) => text.replace('/leader/joint_states', '/joint_states'),
      /\/joint_states is a topic of robot follower too/,
    ],
  ])('%s: one line, and nothing moves', async (_name, change, message) => {
    const text = readFileSync(files.leader(leader.arm.host.path), 'utf8')
    const path = files.write('other.yaml', change(text))
    await expect(start({ inputs: { leader: path } })).rejects.toThrow(message)
    expect(follower.arm.servos.some(({ torque }) => torque)).toBe(false)
  })

  it('is mapped by a file', async () => {
    const map = files.write('map.yaml', 'joints: { lift: { from: pan, scale: -0.5, offset: 0.1 rad } }')
    await start({ inputs: { leader: files.leader(leader.arm.host.path), map } })
    put([0.4, 1, 0])
    await until(() => near(at(), [0.4, -0.1, 0]), state)
  })

  it('says what is wrong in a map', async () => {
    const map = files.write('map.yaml', 'joints: { lift: { form: pan } }')
    const inputs = { leader: files.leader(leader.arm.host.path), map }
    await expect(start({ inputs })).rejects.toThrow(/map\.yaml: joints: lift: .*did you mean 'from'/)
  })
})
