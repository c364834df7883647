import { beforeAll, expect, test } from 'vitest'
import { describeRos } from './environment.js'
import { domain, endWithTests, startNode, startPeer, until, type Talk } from './processes.js'

interface State {
  readonly id: number
  readonly label: string
}
interface Described {
  readonly transition: State
  readonly start_state: State
  readonly goal_state: State
}

const FUSION = ['-p', 'policy:=none']

describeRos('a node and a lifecycle manager by rclpy', () => {
  const env = domain(1)
  let peer: Talk
  beforeAll(async () => {
    peer = await startPeer(env)
  })
  endWithTests()

  const change = async (node: string, transition: Partial<State>): Promise<boolean> =>
    (
      await peer.ask<{ success: boolean }>('call', {
        service: `${node}/change_state`,
        type: 'lifecycle_msgs/srv/ChangeState',
        request: { transition },
      })
    ).success
  const state = async (node: string): Promise<string> =>
    (
      await peer.ask<{ current_state: State }>('call', {
        service: `${node}/get_state`,
        type: 'lifecycle_msgs/srv/GetState',
      })
    ).current_state.label
  const transitions = async (node: string, service: string): Promise<Described[]> =>
    (
      await peer.ask<{ available_transitions: Described[] }>('call', {
        service: `${node}/${service}`,
        type: 'lifecycle_msgs/srv/GetAvailableTransitions',
      })
    ).available_transitions
  const written = ({ transition, start_state: from, goal_state: to }: Described): string =>
    `${transition.id} ${transition.label}: ${from.label} -> ${to.label}`

  test(
    'goes through its states by ids and by labels, publishes each transition, and refuses what its ' +
      'state does not allow',
    async () => {
      const fusion = startNode('fusion', FUSION, env)
      await fusion.said(/unconfigured/)
      await peer.ask('listen', { topic: '/fusion/transition_event', type: 'lifecycle_msgs/msg/TransitionEvent' })
      expect(await state('/fusion')).toBe('unconfigured')
      const { available_states: states } = await peer.ask<{ available_states: State[] }>('call', {
        service: '/fusion/get_available_states',
        type: 'lifecycle_msgs/srv/GetAvailableStates',
      })
      expect(states.map(({ id, label }) => `${id} ${label}`)).toEqual([
        '0 unknown',
        '1 unconfigured',
        '2 inactive',
        '3 active',
        '4 finalized',
        '10 configuring',
        '11 cleaningup',
        '12 shuttingdown',
        '13 activating',
        '14 deactivating',
        '15 errorprocessing',
      ])
      expect((await transitions('/fusion', 'get_available_transitions')).map(written)).toEqual([
        '1 configure: unconfigured -> inactive',
        '5 shutdown: unconfigured -> finalized',
      ])

      expect(await change('/fusion', { id: 3 })).toBe(false)
      await fusion.said(/no transition 3 from unconfigured; possible: configure, shutdown/)
      expect(await change('/fusion', { id: 1 })).toBe(true)
      expect(await state('/fusion')).toBe('inactive')
      expect((await transitions('/fusion', 'get_available_transitions')).map(({ transition }) => transition)).toEqual([
        { id: 2, label: 'cleanup' },
        { id: 3, label: 'activate' },
        { id: 6, label: 'shutdown' },
      ])
      expect(await change('/fusion', { label: 'activate' })).toBe(true)
      expect(await state('/fusion')).toBe('active')
      expect(await change('/fusion', { id: 4 })).toBe(true)
      expect(await change('/fusion', { id: 2 })).toBe(true)
      expect(await change('/fusion', { label: 'configure' })).toBe(true)
      expect(await change('/fusion', { id: 6 })).toBe(true)
      expect(await state('/fusion')).toBe('finalized')
      expect(await transitions('/fusion', 'get_available_transitions')).toEqual([])

      const events = await peer.ask<Described[]>('take', { topic: '/fusion/transition_event', count: 12 })
      expect(events.map(written)).toEqual([
        '1 configure: unconfigured -> configuring',
        '10 transition_success: configuring -> inactive',
        '3 activate: inactive -> activating',
        '30 transition_success: activating -> active',
        '4 deactivate: active -> deactivating',
        '40 transition_success: deactivating -> inactive',
        '2 cleanup: inactive -> cleaningup',
        '20 transition_success: cleaningup -> unconfigured',
        '1 configure: unconfigured -> configuring',
        '10 transition_success: configuring -> inactive',
        '6 shutdown: inactive -> shuttingdown',
        '50 transition_success: shuttingdown -> finalized',
      ])
      const { status, log } = await fusion.signal()
      expect(status, log).toBe(0)
      expect(log).not.toMatch(/no transition shutdown/)
    },
  )

  test('the transition graph leads from every state through the transition states to the next', async () => {
    const voice = startNode('voice', [], env)
    await voice.said(/unconfigured/)
    const graph = (await transitions('/voice', 'get_transition_graph')).map(written)
    expect(graph).toEqual(
      expect.arrayContaining([
        '1 configure: unconfigured -> inactive',
        '10 transition_success: configuring -> inactive',
        '12 transition_error: configuring -> errorprocessing',
        '3 activate: inactive -> active',
        '30 transition_success: activating -> active',
        '60 transition_success: errorprocessing -> unconfigured',
        '5 shutdown: unconfigured -> finalized',
        '6 shutdown: inactive -> finalized',
        '7 shutdown: active -> finalized',
      ]),
    )
    expect(new Set(graph).size).toBe(graph.length)
    expect((await voice.signal()).status).toBe(0)
  })

  test(
    'the cell follows set-points and publishes /clock while it is active, and only once however ' +
      'often it was activated',
    async () => {
      const cell = startNode('cell', ['-p', 'publish_clock:=true'], env)
      await cell.said(/unconfigured/)
      const on = async (): Promise<string> => {
        const [clock, arm] = await Promise.all(
          ['/clock', '/tool_target'].map(topic =>
            peer.ask<{ publishers: number; subscriptions: number }>('count', { topic }),
          ),
        )
        return `${clock.publishers} ${arm.subscriptions}`
      }
      expect(await change('/cell', { label: 'configure' })).toBe(true)
      for (let turn = 0; turn < 2; turn++) {
        expect(await change('/cell', { label: 'activate' })).toBe(true)
        await until(on, now => now === '1 1')
        expect(await change('/cell', { label: 'deactivate' })).toBe(true)
        await until(on, now => now === '0 0')
      }
      expect((await cell.signal()).status).toBe(0)
    },
  )

  test('a missing device: configure fails, the reason is in the log, and configure may be tried again', async () => {
    const control = startNode('control', ['-p', 'port:=/dev/no-such-gripper'], env)
    await control.said(/unconfigured/)
    await peer.ask('listen', { topic: '/control/transition_event', type: 'lifecycle_msgs/msg/TransitionEvent' })
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(await change('/control', { id: 1 })).toBe(false)
      expect(await state('/control')).toBe('unconfigured')
    }
    await control.said(/ERROR.*\/dev\/no-such-gripper/)
    const events = await peer.ask<Described[]>('take', { topic: '/control/transition_event', count: 6 })
    expect(events.slice(0, 3).map(written)).toEqual([
      '1 configure: unconfigured -> configuring',
      '12 transition_error: configuring -> errorprocessing',
      '60 transition_success: errorprocessing -> unconfigured',
    ])
    const { status, log } = await control.signal('SIGTERM')
    expect(status, log).toBe(0)
  })

  test.each([
    ['player', 'bag:=/no/such/bag', 2, /ERROR.*\/no\/such\/bag: no such bag/],
    ['control', 'port:=/no/such/port', 2, /ERROR.*\/no\/such\/port/],
  ] as const)(
    '%s with %s cannot activate itself: the process ends with exit code %i and one line, so that a ' +
      'launch file can start it again',
    async (name, parameter, code, reason) => {
      const { status, log } = await startNode(name, ['-p', parameter, '-p', 'autostart:=true'], env).end
      expect(log).toMatch(reason)
      expect(
        log.split('\n').filter(line => line !== '' && !/unconfigured/.test(line)),
        log,
      ).toHaveLength(1)
      expect(status, log).toBe(code)
    },
  )

  test.each(['SIGINT', 'SIGTERM'] as const)('%s while active: deactivated, cleaned up, exit code 0', async signal => {
    const began = performance.now()
    const fusion = startNode(
      'fusion',
      [...FUSION, '-p', 'autostart:=true', '-r', '__node:=eyes', '-r', '__ns:=/arm'],
      env,
    )
    await peer.ask('listen', { topic: '/arm/eyes/transition_event', type: 'lifecycle_msgs/msg/TransitionEvent' })
    await until(
      () => state('/arm/eyes'),
      label => label === 'active',
    )
    console.log(
      `node fusion: ${((performance.now() - began) / 1000).toFixed(2)} s from its start to active, as a ` +
        'manager sees it',
    )
    await peer.ask('clear', { topic: '/arm/eyes/transition_event' })
    const { status, log } = await fusion.signal(signal)
    expect(status, log).toBe(0)
    const events = await peer.ask<Described[]>('take', { topic: '/arm/eyes/transition_event', count: 6 })
    expect(events.map(({ goal_state: to }) => to.label)).toEqual([
      'deactivating',
      'inactive',
      'cleaningup',
      'unconfigured',
      'shuttingdown',
      'finalized',
    ])
    expect(log).toMatch(new RegExp(`${signal}: ending`))
    expect(await peer.ask<string[]>('graph')).not.toContain('/arm/eyes')
  })

  test('the log has the level that was asked for', async () => {
    const quiet = startNode('voice', ['--log-level', 'error', '-p', 'autostart:=true'], env)
    await until(
      () => state('/voice'),
      label => label === 'active',
    )
    expect(quiet.output()).toBe('voice is active\n')
    expect((await quiet.signal()).log).toBe('voice is active\n')
  })
})
