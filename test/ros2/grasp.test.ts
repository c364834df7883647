import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test } from 'vitest'
import { describeRos, root } from './environment.js'
import { domain, endWithTests, startNode, type RunningNode } from './processes.js'

interface Outcome {
  readonly accepted: boolean
  readonly status?: string
  readonly success?: boolean
  readonly reason?: string
  readonly peakForce?: number
  /** The utterances since the goal was sent. */
  readonly words?: readonly string[]
  readonly feedback?: readonly (readonly [string, number, number])[]
}

const PHASES = ['standing', 'approaching', 'touching', 'closed', 'lifting', 'lifted']

describeRos('the action /control/grasp, with an action client by rclpy and the cell as the robot', () => {
  const env = domain(8)
  const folder = mkdtempSync(join(tmpdir(), 'prehend-grasp-'))
  const port = join(folder, 'gripper')
  let nodes: RunningNode[] = []

  /** Motion without a goal could end the episode in which a goal is tried. */
  const AWAIT = ['-p', 'await_command:=true'] as const
  /**
   * The cell's first episode begins before the other nodes are there. An episode that began during a goal would end it.
   */
  const BEGUN = ['-p', 'wait:=0.0'] as const
  const start = async (cellArgs: readonly string[], controlArgs: readonly string[] = []): Promise<void> => {
    const cell = startNode(
      'cell',
      ['-p', 'autostart:=true', '-p', `gripper_link:=${port}`, '-p', 'seed:=3', ...cellArgs],
      env,
    )
    await cell.said(/serial port/)
    const fusion = startNode('fusion', ['-p', 'autostart:=true'], env)
    const control = startNode('control', ['-p', 'autostart:=true', '-p', `port:=${port}`, ...controlArgs], env)
    nodes = [cell, fusion, control]
    await Promise.all([fusion.said(/unconfigured/), control.said(/unconfigured/)])
  }
  // A cell that a failed test left must not hold the link to the gripper.
  afterEach(() => Promise.all(nodes.map(node => node.signal('SIGKILL'))))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  endWithTests()

  const send = (goals: readonly object[]): Promise<Outcome[]> =>
    new Promise((resolve, reject) => {
      const client = execFile(
        'python3',
        [join(root, 'test/ros2/grasp_client.py')],
        { env, maxBuffer: 1 << 26 },
        (error, stdout) => {
          if (error) reject(error)
          else resolve(JSON.parse(stdout) as Outcome[])
        },
      )
      client.stdin?.end(JSON.stringify(goals))
    })

  test('with await_command the cell does not speak: a goal gives the command and succeeds; a new ' +
    'episode ends a running goal', async () => {
    await start([...AWAIT, '-p', 'say:=pick the red cylinder'], AWAIT)
    const text = 'pick the red cylinder'
    const outcomes: Outcome[] = []
    // The policy does not always win.
    for (let attempt = 0; attempt < 4 && !outcomes.some(({ success }) => success); attempt++)
      outcomes.push(...(await send([{ text }])))
    const output = (): string => nodes.map(node => node.output()).join('\n')
    expect(
      outcomes.find(({ success }) => success),
      output(),
    ).toMatchObject({ accepted: true, status: 'succeeded', reason: 'lifted' })
    await nodes[0].said(/episode \d+: "pick the red cylinder"/)
    const [overtaken] = await send([{ text: 'something that is not there', timeout: 30, after: 1, episode: true }])
    expect(overtaken, output()).toMatchObject({
      accepted: true,
      status: 'aborted',
      success: false,
      reason: 'a new episode began',
    })
    for (const node of nodes) expect((await node.signal()).status).toBe(0)
  }, 240_000)

  test(
    'gives feedback; a cancel ends a goal and the next one begins; a stop ends it, and no goal is ' +
      'accepted before "resume"',
    async () => {
      await start([...AWAIT, ...BEGUN, '-p', 'say:=pick the red cylinder'], AWAIT)
      const text = 'pick the red cylinder'
      const [empty, backwards, cancelled, stopped, refused, late, again, after] = await send([
        { text: ' ' },
        { text, timeout: -1 },
        { text, after: 10, cancel: true },
        { text, after: 10, stop: 'service' },
        { text },
        { text, say: 'resume', begun: true, timeout: 1 },
        // The next goal does not end a stop that somebody made after a cancel.
        { text, after: 5, cancel: true },
        { text, say: 'stop' },
      ])
      const output = nodes.map(node => node.output()).join('\n')
      expect(empty.accepted, output).toBe(false)
      expect(backwards.accepted, output).toBe(false)
      expect(cancelled, output).toMatchObject({
        accepted: true,
        status: 'canceled',
        success: false,
        reason: 'cancelled',
      })
      expect(new Set(cancelled.feedback?.map(([phase]) => phase)).size).toBeGreaterThan(0)
      for (const [phase, force, weights] of cancelled.feedback ?? []) {
        expect(PHASES).toContain(phase)
        expect(force).toBeGreaterThanOrEqual(0)
        expect([0, 4]).toContain(weights)
      }
      expect(stopped, output).toMatchObject({ accepted: true, status: 'aborted', success: false, reason: 'stopped' })
      // It does not end because of the stop that the cancel made.
      expect(stopped.feedback?.length).toBeGreaterThanOrEqual(10)
      expect(refused.accepted, output).toBe(false)
      expect(late, output).toMatchObject({ accepted: true, status: 'aborted', success: false, reason: 'timeout' })
      // The goal before ran into its timeout, which stopped the motion.
      expect(again, output).toMatchObject({ status: 'canceled' })
      expect(again.words).toContain('resume')
      expect(after, output).toEqual({ accepted: false })
      await nodes[2].said(/goal refused: its text is empty/)
      await nodes[2].said(/goal refused: its timeout is -1 s; 0 means 20 s/)
      await nodes[2].said(/goal refused: somebody said stop/)
      // A goal that is being cancelled gets no feedback.
      expect(nodes[2].output()).not.toMatch(/publishFeedback/)
      for (const node of nodes) expect((await node.signal()).status).toBe(0)
    },
  )

  test(
    'a stop that somebody made lasts after a cancel; a cancel whose stop fails says so; a goal ends ' + 'with its node',
    async () => {
      await start([...AWAIT, ...BEGUN, '-p', 'say:=pick the red cylinder'], AWAIT)
      const text = 'pick the red cylinder'
      const cell = nodes[0].child.pid
      const [, afterService, , afterWord, unstopped, ended] = await send([
        { text, after: 5, stop: 'service', cancel: true },
        { text },
        { text, say: 'resume', begun: true, after: 5, stop: 'word', cancel: true },
        { text },
        // The cell does not answer, nor does its gripper.
        { text, say: 'resume', begun: true, after: 5, signal: [cell, 'SIGSTOP'], cancel: true, continue: cell },
        { text, after: 5, signal: [nodes[2].child.pid, 'SIGINT'] },
      ])
      const output = nodes.map(node => node.output()).join('\n')
      expect(afterService, output).toEqual({ accepted: false })
      expect(afterWord, output).toEqual({ accepted: false })
      expect(unstopped, output).toMatchObject({ accepted: true, status: 'canceled', success: false })
      expect(unstopped.reason).toMatch(/^cancelled, but the gripper did not stop: ./)
      await nodes[2].said(/grasp: cancelled, but the gripper did not stop/)
      expect(ended, output).toMatchObject({ accepted: true, status: 'aborted', success: false })
      // The node is deactivated first, and the goal may be updated before the node is finalized.
      expect(ended.reason).toMatch(/^the node (has ended|was deactivated)$/)
      expect((await nodes[2].end).status).toBe(0)
      for (const node of nodes.slice(0, 2)) expect((await node.signal()).status).toBe(0)
    },
  )

  test('a cancel stops the motion and ends the goal while the time stands still', async () => {
    await start([], ['-p', 'use_sim_time:=true'])
    await nodes[2].said(/control is active/)
    const [cancelled] = await send([{ text: 'pick the red cylinder', after: 0, cancel: true }])
    expect(cancelled, nodes[2].output()).toMatchObject({
      accepted: true,
      status: 'canceled',
      reason: 'cancelled',
      feedback: [],
    })
    for (const node of nodes) expect((await node.signal()).status).toBe(0)
  })
})
