import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeRos } from './environment.js'
import { domain, endWithTests, startNode, startPeer, until, type Talk } from './processes.js'

const TEXT = 'std_msgs/msg/String'

describeRos('the cell waits for its peers', () => {
  const env = domain(11)
  const folder = mkdtempSync(join(tmpdir(), 'prehend-peers-'))
  const port = join(folder, 'gripper')
  let peer: Talk
  beforeAll(async () => {
    peer = await startPeer(env)
  })
  endWithTests()
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const heard = async (topic: string): Promise<string[]> =>
    (await peer.ask<{ data: string }[]>('take', { topic })).map(({ data }) => data)
  const change = (node: string, label: string) =>
    peer.ask('call', {
      service: `/${node}/change_state`,
      type: 'lifecycle_msgs/srv/ChangeState',
      request: { transition: { label } },
    })

  test('an episode begins once all nodes that it needs are active, names those it waits for, and the ' +
    'cell ends after its last episode', async () => {
    const cell = startNode(
      'cell',
      [
        '-p',
        'autostart:=true',
        '-p',
        'wait:=3600.0',
        '-p',
        'episodes:=1',
        '-p',
        'seed:=3',
        '-p',
        `gripper_link:=${port}`,
      ],
      env,
    )
    await cell.said(/cell is active/)
    await peer.ask('listen', { topic: '/episode', type: TEXT })
    await peer.ask('listen', { topic: '/episode/result', type: TEXT })
    await cell.said(
      /episode 1 waits up to 3600 s: .*\/wrist\/wrench has no subscriber.*\/tool_target has no publisher, \/policy\/action_chunk has no publisher/,
    )
    const fusion = startNode('fusion', ['-p', 'autostart:=true'], env)
    await fusion.said(/fusion is active/)
    const control = startNode('control', ['-p', `port:=${port}`], env)
    await control.said(/unconfigured/)
    await change('control', 'configure')
    await cell.said(/episode 1 waits up to 3600 s: \/control is inactive/)
    expect(await heard('/episode')).toEqual([])
    await change('control', 'activate')
    expect(
      await until(
        () => heard('/episode'),
        all => all.length > 0,
      ),
    ).toHaveLength(1)
    const [result] = await until(
      () => heard('/episode/result'),
      all => all.length > 0,
      40_000,
    )
    // If nothing had moved the arm, the reason would be the timeout.
    expect((JSON.parse(result) as { reason?: string }).reason).not.toBe('timeout')
    expect((await cell.end).status).toBe(0)
    expect(cell.output()).toMatch(/1 episodes won|0 of 1 episodes won/)
    for (const node of [fusion, control]) expect((await node.signal()).status).toBe(0)
  }, 120_000)

  test('after `wait` the cell begins, names what is missing, and never waits again', async () => {
    await peer.ask('clear', { topic: '/episode' })
    const cell = startNode('cell', ['-p', 'autostart:=true', '-p', 'wait:=0.2', '-p', 'seed:=3'], env)
    await cell.said(
      /WARN.*episode 1 begins after 0\.2 s though .*\/wrist\/wrench has no subscriber.*; from now on none waits/,
    )
    await until(
      () => heard('/episode'),
      all => all.length > 0,
    )
    expect((await cell.signal()).status).toBe(0)
  })

  test(
    'a node with await_observer makes its first transition only when ~/transition_event has a ' + 'subscriber',
    async () => {
      const voice = startNode('voice', ['-p', 'autostart:=true', '-p', 'await_observer:=true'], env)
      await voice.said(/unconfigured/)
      await peer.ask('listen', { topic: '/voice/transition_event', type: 'lifecycle_msgs/msg/TransitionEvent' })
      await voice.said(/voice is active/)
      const events = await peer.ask<{ goal_state: { label: string } }[]>('take', {
        topic: '/voice/transition_event',
        count: 4,
      })
      expect(events.map(({ goal_state: { label } }) => label)).toEqual([
        'configuring',
        'inactive',
        'activating',
        'active',
      ])
      expect(voice.output()).not.toMatch(/nobody hears/)
      expect((await voice.signal()).status).toBe(0)
    },
  )
})
