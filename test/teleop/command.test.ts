import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openBag } from '../../middleware/bag/bag.js'
import { prehend, startInTerminal, startPrehend, type Started } from '../e2e/prehend.js'
import { Files, heldArm, motorArm, near, until } from './arms.js'

let files: Files
let follower: ReturnType<typeof motorArm>
let started: Started | undefined

beforeEach(() => {
  files = new Files()
  follower = motorArm([0.2, -0.2, 0.5])
})
afterEach(async () => {
  started?.child.kill('SIGKILL')
  await follower.arm.host.close()
  files.remove()
})

const at = (): number[] => follower.joints.map(joint => joint.position())

describe('prehend teleop with a leader arm', () => {
  it('is operated by lines, records, and ends whole at Ctrl-C', async () => {
    const leader = heldArm()
    try {
      const out = join(files.folder, 'demo.mcap')
      const args = ['--robot', files.follower(follower.arm.host.path), '--leader', files.leader(leader.arm.host.path)]
      const run = (started = startPrehend(['teleop', ...args, '--record', out, '--say', 'pick it', '--json']))
      await run.said(/following the person/)
      const say = (line: string): unknown => run.child.stdin?.write(`${line}\n`)
      say('begin')
      await run.said(/episode 0 has begun/)
      leader.joints.forEach((joint, i) => (joint.at = [0.7, 0.3, 0.25][i]))
      await until(() => near(at(), [0.7, 0.3, 0.5]), at)
      say('won')
      await run.said(/episode 0: won/)
      say('stop')
      await run.said(/^stopped: "resume" goes on$/m)
      run.child.kill('SIGINT')
      const { status, stdout, stderr } = await run.end
      expect(status, stderr).toBe(0)
      expect(JSON.parse(stdout)).toMatchObject({ by: 'leader', episodes: 1, successes: 1, takeovers: 1, record: out })
      expect(near(at(), [0.7, 0.3, 0.5])).toBe(true)
      const bag = await openBag(out)
      expect(bag.damage).toBeUndefined()
      expect(bag.topics.find(({ name }) => name === '/control/arm/command')?.count).toBeGreaterThan(50)
      await bag.close()
    } finally {
      await leader.arm.host.close()
    }
  })
})

describe('prehend teleop with the keyboard', () => {
  const UP = '\u001b[A'
  const DOWN = '\u001b[B'

  it('moves one joint a press in a terminal in raw mode', async () => {
    const run = (started = startInTerminal(['teleop', '--robot', files.follower(follower.arm.host.path), '--json']))
    const type = (text: string): unknown => run.child.stdin?.write(`type ${JSON.stringify(text)}\n`)
    await run.said(/following the person/)
    expect(near(at(), [0.2, -0.2, 0.5])).toBe(true)
    // A press is a thirtieth of a second at 1 rad/s.
    type(UP + UP + UP)
    await until(() => near(at(), [0.3, -0.2, 0.5], 0.005), at)
    type(`2${DOWN}${DOWN}${DOWN}`)
    await run.said(/up and down move lift/)
    await until(() => near(at(), [0.3, -0.3, 0.5], 0.005), at)
    type(' ')
    await run.said(/stopped: "resume" goes on/)
    type(`${UP}${UP}b`)
    await run.said(/episode 0 has begun/)
    expect(near(at(), [0.3, -0.3, 0.5], 0.005)).toBe(true)
    type('wq')
    const { status, stdout, stderr } = await run.end
    expect([status, JSON.parse(stdout)]).toEqual([0, { exit: 0, signal: null }])
    expect(stderr).toMatch(/"by":"keyboard","episodes":1,"successes":1/)
  })

  it('does not move by what was pressed during a stop, and goes on from where the arm is', async () => {
    const run = (started = startInTerminal(['teleop', '--robot', files.follower(follower.arm.host.path), '--json']))
    const type = (text: string): unknown => run.child.stdin?.write(`type ${JSON.stringify(text)}\n`)
    await run.said(/following the person/)
    type(' ')
    await run.said(/stopped: "resume" goes on/)
    type(UP.repeat(15))
    // A line behind the presses says that they have been read.
    type('2')
    await run.said(/up and down move lift/)
    type('r')
    await run.said(/resumed/)
    await run.said(/following the person[^]*following the person/)
    type(UP.repeat(3))
    await until(() => near(at(), [0.2, -0.1, 0.5], 0.005), at)
    expect(near(at(), [0.2, -0.1, 0.5], 0.005)).toBe(true)
    type('q')
    expect((await run.end).status).toBe(0)
  })

  it('is refused where there is no terminal', () => {
    const { status, stderr } = prehend([
      'teleop',
      '--robot',
      files.follower(follower.arm.host.path),
      '--by',
      'keyboard',
    ])
    expect([status, stderr.split('\n').at(-2)]).toEqual([
      2,
      'prehend: --by keyboard: standard input is no terminal; start it in one, or use another input',
    ])
    expect(follower.arm.servos.some(({ torque }) => torque)).toBe(false)
  })
})

describe('bad use of prehend teleop', () => {
  it.each([
    [['--by', 'mouse'], "--by 'mouse': no such input, known: leader, keyboard, gamepad"],
    [['--source', 'moon', '--by', 'gamepad'], '--source moon: is not known; expected bus, ros2, sim'],
    [['--by', 'leader'], '--by leader: name the robot file of the leader with --leader'],
    [['--leader', '/nowhere.yaml'], '/nowhere.yaml: cannot read this robot file'],
  ])('%j ends with 2', (args, text) => {
    const { status, stderr } = prehend(['teleop', '--robot', files.follower(follower.arm.host.path), ...args])
    expect(status, stderr).toBe(2)
    expect(stderr).toContain(text)
    expect(follower.arm.servos.some(({ torque }) => torque)).toBe(false)
  })
})

it.each(['zh', 'de'])('prehend teleop --attach is refused where only %s is understood', language => {
  const path = files.follower(follower.arm.host.path)
  const robot = files.write('other.yaml', `languages: [${language}]\n${readFileSync(path, 'utf8')}`)
  const { status, stderr } = prehend([
    'teleop',
    ...['--robot', robot, '--by', 'gamepad', '--source', 'ros2', '--attach'],
  ])
  expect([status, stderr.trimEnd().split('\n').at(-1)]).toEqual([
    2,
    expect.stringMatching(
      /^prehend: --attach: robot follower does not understand "(stop|resume)" \(languages: ..\); add en to languages$/,
    ),
  ])
})

describe('the robot files that are shipped', () => {
  it.each(readdirSync('examples/robots').filter(name => name.endsWith('.yaml')))(
    '%s is teleoperated as far as its ports are there, and is refused in one line otherwise',
    name => {
      const port = name === 'two-arms.yaml' ? [] : ['--port', '/nowhere']
      const args = ['--robot', `examples/robots/${name}`, '--by', 'gamepad', ...port]
      const { status, stderr } = prehend(['teleop', ...args])
      expect(status, stderr).toBe(2)
      const [line, ...rest] = stderr.split('\n').filter(text => text !== '' && !text.startsWith('starting '))
      expect(rest, stderr).toEqual([])
      expect(line).toMatch(/^prehend: .*(serial port|port|a person cannot move)/)
    },
  )
})
