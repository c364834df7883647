import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeRos } from './environment.js'
import { domain, endWithTests, startNode, startPeer, type RunningNode, type Talk } from './processes.js'

/** rcl_interfaces/msg/ParameterType. */
const BOOL = 1,
  INTEGER = 2,
  DOUBLE = 3,
  STRING = 4

interface Value {
  readonly type: number
  readonly bool_value: boolean
  readonly integer_value: number
  readonly double_value: number
  readonly string_value: string
}
interface Descriptor {
  readonly name: string
  readonly type: number
  readonly description: string
  readonly read_only: boolean
  readonly floating_point_range: readonly { from_value: number; to_value: number; step: number }[]
  readonly integer_range: readonly { from_value: number; to_value: number; step: number }[]
}

describeRos('parameters', () => {
  const env = domain(3)
  const folder = mkdtempSync(join(tmpdir(), 'prehend-parameters-'))
  let peer: Talk
  let cell: RunningNode
  let control: RunningNode
  beforeAll(async () => {
    const file = join(folder, 'parameters.yaml')
    // The sections that launch writes: with wildcards, by name, by whole name, and of another node with the same last
    // name.
    writeFileSync(
      file,
      `/**:
  ros__parameters: {robot: cell, episodes: 7}
cell:
  ros__parameters: {seed: 3}
/arm/cell:
  ros__parameters: {seed: 42, publish_clock: true, objekts: seen}
/other/cell:
  ros__parameters: {say: never}
/*/cell:
  ros__parameters: {objects: unseen}
`,
    )
    peer = await startPeer(env)
    cell = startNode(
      'cell',
      ['-r', '__ns:=/arm', '--params-file', file, '-p', 'cell:say:=of no namespace', '-p', 'episodes:=9'],
      env,
    )
    control = startNode(
      'control',
      ['-p', 'port:=/dev/null', '-p', 'speed_scale:=0.5', '-p', 'control:execution:="receding_horizon"'],
      env,
    )
    await Promise.all([cell.said(/unconfigured/), control.said(/unconfigured/)])
  })
  endWithTests()
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const get = async (node: string, ...names: string[]): Promise<Value[]> =>
    (
      await peer.ask<{ values: Value[] }>('call', {
        service: `${node}/get_parameters`,
        type: 'rcl_interfaces/srv/GetParameters',
        request: { names },
      })
    ).values
  const describe = async (node: string, ...names: string[]): Promise<Descriptor[]> =>
    (
      await peer.ask<{ descriptors: Descriptor[] }>('call', {
        service: `${node}/describe_parameters`,
        type: 'rcl_interfaces/srv/DescribeParameters',
        request: { names },
      })
    ).descriptors
  const set = async (node: string, name: string, value: Partial<Value>, atomically = false): Promise<string> => {
    const request = { parameters: [{ name, value }] }
    const { successful, reason } = atomically
      ? (
          await peer.ask<{ result: { successful: boolean; reason: string } }>('call', {
            service: `${node}/set_parameters_atomically`,
            type: 'rcl_interfaces/srv/SetParametersAtomically',
            request,
          })
        ).result
      : (
          await peer.ask<{ results: { successful: boolean; reason: string }[] }>('call', {
            service: `${node}/set_parameters`,
            type: 'rcl_interfaces/srv/SetParameters',
            request,
          })
        ).results[0]
    return successful ? 'set' : reason
  }

  test(
    'overrides of every type come from sections with wildcards and whole names and from -p, and not ' +
      "from other nodes' sections",
    async () => {
      const [robot, episodes, seed, clock, objects, say] = await get(
        '/arm/cell',
        'robot',
        'episodes',
        'seed',
        'publish_clock',
        'objects',
        'say',
      )
      expect(robot).toMatchObject({ type: STRING, string_value: 'cell' })
      expect(episodes).toMatchObject({ type: INTEGER, integer_value: 9 })
      expect(seed).toMatchObject({ type: INTEGER, integer_value: 42 })
      expect(clock).toMatchObject({ type: BOOL, bool_value: true })
      expect(objects).toMatchObject({ type: STRING, string_value: 'unseen' })
      expect(say).toMatchObject({ type: STRING, string_value: '' })
      const [scale, execution] = await get('/control', 'speed_scale', 'execution')
      expect(scale).toMatchObject({ type: DOUBLE, double_value: 0.5 })
      expect(execution).toMatchObject({ type: STRING, string_value: 'receding_horizon' })
    },
  )

  test('an unknown parameter gives a warning with the nearest name', () =>
    cell.said(/WARN.*cell: no parameter objekts: did you mean objects\? What was given for it is not used\./))

  test('descriptions have type, range, unit and text', async () => {
    const [scale, port] = await describe('/control', 'speed_scale', 'port')
    expect(scale).toEqual(
      expect.objectContaining({
        name: 'speed_scale',
        type: DOUBLE,
        read_only: false,
        description: expect.stringMatching(/share of the robot file's limits/) as string,
        floating_point_range: [{ from_value: 0.05, to_value: 1, step: 0 }],
        integer_range: [],
      }),
    )
    expect(port).toMatchObject({ type: STRING, read_only: true, floating_point_range: [], integer_range: [] })
    const [seed] = await describe('/arm/cell', 'seed')
    expect(seed).toMatchObject({ type: INTEGER, integer_range: [{ from_value: 0, to_value: 2 ** 31 - 1, step: 1 }] })
    const {
      result: { names },
    } = await peer.ask<{ result: { names: string[] } }>('call', {
      service: '/control/list_parameters',
      type: 'rcl_interfaces/srv/ListParameters',
    })
    expect(names).toEqual(
      expect.arrayContaining(['robot', 'autostart', 'port', 'execution', 'speed_scale', 'use_sim_time']),
    )
  })

  test.each([false, true])(
    'parameters that may change are set, all others are refused with the reason (atomically: %s)',
    async atomically => {
      const ask = (name: string, value: Partial<Value>) => set('/control', name, value, atomically)
      expect(await ask('speed_scale', { type: DOUBLE, double_value: 0.25 })).toBe('set')
      expect((await get('/control', 'speed_scale'))[0].double_value).toBe(0.25)
      expect(await ask('speed_scale', { type: DOUBLE, double_value: 1.5 })).toBe(
        'control: parameter speed_scale: expected 0.05 to 1, got 1.5',
      )
      expect(await ask('speed_scale', { type: INTEGER, integer_value: 1 })).toBe(
        'parameter speed_scale: expected double, got integer',
      )
      expect(await ask('speed_scale', { type: STRING, string_value: 'fast' })).toBe(
        'parameter speed_scale: expected double, got string',
      )
      expect(await ask('speed_scale', { type: 0 })).toBe('parameter speed_scale cannot be deleted')
      expect(await ask('port', { type: STRING, string_value: '/dev/ttyUSB1' })).toBe(
        'control: parameter port is read-only: give it at start',
      )
      expect(await ask('use_sim_time', { type: BOOL, bool_value: true })).toBe(
        'parameter use_sim_time is read at start: give it there',
      )
      expect(await ask('speed_scale', { type: DOUBLE, double_value: { $nan: 1 } as unknown as number })).toBe(
        'control: parameter speed_scale: expected double, got NaN (number)',
      )
      expect(await ask('zebra', { type: DOUBLE, double_value: 1 })).toMatch(
        /^control: no parameter zebra: it has port, .*speed_scale, .*await_observer\.$/,
      )
      expect(await ask('speedscale', { type: DOUBLE, double_value: 1 })).toBe(
        'control: no parameter speedscale: did you mean speed_scale?',
      )
      expect((await get('/control', 'speed_scale'))[0].double_value).toBe(0.25)
    },
  )

  test('unknown names are answered as ROS does, and the node lives', async () => {
    expect(await get('/control', 'nothing')).toMatchObject([{ type: 0 }])
    expect(await describe('/control', 'nothing')).toMatchObject([{ type: 0 }])
    expect((await get('/control', 'port'))[0].string_value).toBe('/dev/null')
  })

  test.each([
    [['-p', 'speed_scale:=2.0'], /control: parameter speed_scale: expected 0\.05 to 1, got 2/],
    [['-p', 'speed_scale:=fast'], /control: parameter speed_scale: expected double, got "fast" \(string\)/],
    [['-p', 'port:=[1, 2]'], /control: parameter port: expected string/],
    [['--params-file', '/no/such/file.yaml'], /--params-file \/no\/such\/file\.yaml: cannot be read: ENOENT/],
    [['-p', 'robot:=no-such-robot'], /no-such-robot/],
  ])('%j at start: one line, exit code 2', async (args, reason) => {
    const { status, log } = await startNode('control', args, env).end
    expect(log).toMatch(reason)
    expect(log).not.toMatch(/^\s+at /m)
    expect(status).toBe(2)
  })

  test('both nodes end with exit code 0', async () => {
    for (const node of [cell, control]) expect(await node.signal()).toMatchObject({ status: 0 })
  })
})
