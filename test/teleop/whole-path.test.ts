import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { prehendJson, root, startPrehend, type Started } from '../e2e/prehend.js'
import { Files, heldArm, motorArm, near, until } from './arms.js'

let files: Files
let follower: ReturnType<typeof motorArm>
let leader: ReturnType<typeof heldArm>
let started: Started | undefined

beforeEach(() => {
  files = new Files()
  follower = motorArm([0, 0, 0.5])
  leader = heldArm()
})
afterEach(async () => {
  started?.child.kill('SIGKILL')
  await Promise.all([follower.arm.host.close(), leader.arm.host.close()])
  files.remove()
})

const at = (): number[] => follower.joints.map(joint => joint.position())
/** Where the hand leads the follower, and the leader's positions for it: its trigger goes half the way. */
const GOAL = [0.6, -0.4, 0.8]
const STARTS = [
  [-0.5, 0.5, 0.2],
  [0.9, 0.1, 0],
  [0, -0.9, 1],
  [-0.8, -0.2, 0.5],
]
const asLeader = ([pan, lift, jaw]: readonly number[]): readonly number[] => [pan, lift, jaw / 2]

/** A hand that goes from `from` to GOAL, ever slower, as people do; 3 s. */
async function lead(from: readonly number[]): Promise<void> {
  const began = performance.now()
  for (;;) {
    const seconds = (performance.now() - began) / 1000
    const left = Math.exp(-2 * seconds)
    const wanted = asLeader(GOAL.map((goal, i) => goal + (from[i] - goal) * left))
    leader.joints.forEach((joint, i) => (joint.at = wanted[i]))
    if (seconds > 3) return
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

it('a hand at a leader arm is recorded, exported, learned, wrapped, and carried out', {
  timeout: 180_000,
}, async () => {
  const path = (name: string): string => join(files.folder, name)
  const robot = files.follower(follower.arm.host.path)
  const arms = ['--robot', robot, '--leader', files.leader(leader.arm.host.path)]

  // Record: three episodes that are won, and one that is not.
  const teleop = (started = startPrehend(['teleop', ...arms, '--record', path('demo.mcap'), '--json']))
  await teleop.said(/following the person/)
  for (const [i, from] of STARTS.entries()) {
    leader.joints.forEach((joint, k) => (joint.at = asLeader(from)[k]))
    await until(() => near(at(), from), at)
    teleop.child.stdin?.write('begin\n')
    await teleop.said(new RegExp(`episode ${i} has begun`))
    await lead(from)
    teleop.child.stdin?.write(i === 3 ? 'lost\n' : 'won\n')
    await teleop.said(new RegExp(`episode ${i}: `))
  }
  teleop.child.stdin?.write('quit\n')
  const recorded = await teleop.end
  expect(recorded.status, recorded.stderr).toBe(0)
  expect(JSON.parse(recorded.stdout)).toMatchObject({ episodes: 4, successes: 3 })

  // Export what was sent to the arm.
  const set = ['--format', 'lerobot', '--pictures', 'png', '--actions', 'arm', '--only-won', '--streams', 'joints']
  const exported = prehendJson(['export', path('demo.mcap'), '--out', path('set'), ...set])
  expect(exported).toMatchObject({ episodes: 3 })

  // Learn.
  const script = join(root, 'test/teleop/fit_linear.py')
  const learned = JSON.parse(
    execFileSync(join(root, '.venv/bin/python'), [script, path('set'), path('raw.onnx')], { encoding: 'utf8' }),
  ) as { rows: number; episodes: number; residual: number }
  expect(learned.episodes).toBe(3)
  expect(learned.rows).toBeGreaterThan(200)

  // Wrap.
  writeFileSync(
    path('map.yaml'),
    `name: linear
inputs: { state: { as: vector, from: joints } }
outputs: { action_chunk: { tensor: action, rate: 30, groups: [{ name: arm, kind: joint_position, joints: [pan, lift, jaw] }] } }
`,
  )
  prehendJson([
    'policy',
    'wrap',
    path('raw.onnx'),
    '--robot',
    robot,
    '--map',
    path('map.yaml'),
    '--out',
    path('hand.onnx'),
  ])

  // Run, from where no demonstration began. The person only watches.
  leader.joints.forEach((joint, i) => (joint.at = asLeader([-0.2, 0.8, 0.9])[i]))
  const placing = (started = startPrehend(['teleop', ...arms]))
  await until(() => near(at(), [-0.2, 0.8, 0.9]), at)
  placing.child.kill('SIGINT')
  await placing.end
  const run = (started = startPrehend(['teleop', ...arms, '--policy', path('hand.onnx'), '--json']))
  await run.said(/following the policy/)
  await until(() => near(at(), GOAL, 0.06), at, 40_000)
  run.child.kill('SIGINT')
  const { status, stdout, stderr } = await run.end
  expect(status, stderr).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ takeovers: 0, chunks: 0 })
})
