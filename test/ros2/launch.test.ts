import { execFileSync, spawnSync } from 'node:child_process'
import { accessSync, constants, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { KINDS } from '../../ros2/managed-nodes.js'
import { COMMON } from '../../ros2/node-kind.js'
import { parameterTable } from '../../ros2/parameters-page.js'
import type { ParameterDescription } from '../../middleware/parameters.js'
import { nodeName, parameterOverrides } from '../../middleware/ros2/ros-arguments.js'
import { describeRos, install, root } from './environment.js'

interface Launch {
  readonly arguments: readonly [string, string | null, string][]
  readonly nodes: readonly [string, readonly string[]][]
  /** Arguments that the file itself reads. */
  readonly used: readonly string[]
  readonly given: readonly string[]
  readonly types: Readonly<Record<string, string>>
}

const FILES = ['robot.launch.py', 'sim.launch.py', 'replay.launch.py', 'gazebo.launch.py']
/** Arguments that `managed_node` reads from what all nodes share. */
const SHARED = ['robot', 'use_sim_time', 'respawn']
const PYTHON_TYPES: Readonly<Record<string, string>> = {
  boolean: 'bool',
  integer: 'int',
  double: 'float',
  string: 'str',
}
const kinds = Object.fromEntries(
  await Promise.all(
    Object.entries(KINDS).map(async ([name, { summary, load }]) => [name, { summary, ...(await load()) }] as const),
  ),
)
const declarationsOf = (node: string): Record<string, ParameterDescription> => ({
  ...kinds[node].parameters,
  ...COMMON,
})

test('docs/reference/parameters.md is made from the declarations (npx tsx scripts/parameter-table.ts)', async () => {
  expect(readFileSync(join(root, 'docs/reference/parameters.md'), 'utf8')).toBe(await parameterTable())
})

describe.each(Object.entries(kinds))('node %s', (_name, { summary, parameters }) => {
  test('declares each parameter with a description and a default that fits', () => {
    expect(summary).not.toBe('')
    for (const [name, { description, range, type, default: value }] of Object.entries<ParameterDescription>({
      ...parameters,
      ...COMMON,
    })) {
      expect([name, description.length > 10]).toEqual([name, true])
      if (type === 'double' || type === 'integer')
        expect([name, range !== undefined && Number(value) >= range.min && Number(value) <= range.max]).toEqual([
          name,
          true,
        ])
    }
  })
})

describeRos('launch files', () => {
  const { stdout, stderr } = spawnSync('python3', [join(root, 'test/ros2/read_launch.py')], {
    input: JSON.stringify(['prehend_nodes.py', ...FILES].map(file => join(root, 'launch', file))),
    encoding: 'utf8',
  })
  const read = stdout === '' ? {} : (JSON.parse(stdout) as Record<string, Launch>)
  const shared = read['prehend_nodes.py']

  test('are those that this test knows, and all of them can be read', () => {
    expect(stderr).toBe('')
    expect(
      readdirSync(join(root, 'launch'))
        .filter(name => name.endsWith('.launch.py'))
        .sort(),
    ).toEqual([...FILES].sort())
  })

  test('set in common only parameters that every node declares', () => {
    expect(shared.given).toEqual(['robot', 'autostart', 'await_observer', 'use_sim_time'])
    for (const name of shared.given) if (name !== 'use_sim_time') expect(COMMON).toHaveProperty(name)
  })

  describe.each(FILES)('%s', file => {
    test('describes its arguments, and uses all of them and no others', () => {
      const { arguments: declared, used, nodes } = read[file]
      for (const [name, value, description] of declared) {
        expect([name, description.length > 5]).toEqual([name, true])
        expect(value === null || typeof value === 'string').toBe(true)
      }
      const names = [...declared, ...shared.arguments].map(([name]) => name)
      expect(new Set(names).size).toBe(names.length)
      expect(names).toEqual(expect.arrayContaining([...used]))
      expect(declared.map(([name]) => name).filter(name => !used.includes(name) && !SHARED.includes(name))).toEqual([])
      expect(nodes.length).toBeGreaterThan(1)
    })

    test('sets only parameters that its nodes declare, each in its type', () => {
      for (const [node, parameters] of read[file].nodes) {
        expect(KINDS).toHaveProperty(node)
        const declared = declarationsOf(node)
        for (const name of parameters) {
          expect([node, name, Object.hasOwn(declared, name)]).toEqual([node, name, true])
          expect([node, name, shared.types[name] ?? 'str']).toEqual([node, name, PYTHON_TYPES[declared[name].type]])
        }
      }
    })

    test('starts executables of the package, and is installed with it', () => {
      for (const [node] of read[file].nodes) accessSync(join(install, 'lib/prehend', node), constants.X_OK)
      for (const name of [file, 'prehend_nodes.py']) {
        expect(readFileSync(join(install, 'share/prehend/launch', name), 'utf8')).toBe(
          readFileSync(join(root, 'launch', name), 'utf8'),
        )
      }
    })
  })

  test('every kind of node has an executable, and there are no others', () => {
    expect(readdirSync(join(install, 'lib/prehend')).sort()).toEqual(Object.keys(KINDS).sort())
  })
})

interface Launched {
  readonly started: readonly string[]
  readonly order: readonly [string, string, string, boolean][]
  readonly nodes: Readonly<Record<string, readonly string[]>>
  readonly ends: readonly [number, boolean][]
  /** The launch configurations that an included file would see. */
  readonly configurations: Readonly<Record<string, string>>
  readonly error?: string
}

describe('what a launch file does with its arguments', () => {
  const folder = mkdtempSync(join(tmpdir(), 'prehend-launch-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const launch = (file: string, args: Readonly<Record<string, string>> = {}): Launched =>
    JSON.parse(
      execFileSync('python3', [join(root, 'test/ros2/launch_run.py')], {
        input: JSON.stringify({ file: join(root, 'launch', file), arguments: args, folder }),
        encoding: 'utf8',
      }),
    ) as Launched
  /** The parameters that a node reads from its command line. */
  const parametersOf = (argv: readonly string[], name: string): Record<string, unknown> =>
    Object.fromEntries(parameterOverrides(argv, nodeName(argv, name)))

  test(
    'each node starts when the one before has become active, which is observed from its first event ' +
      'on; without autostart all start at once, and none makes transitions',
    () => {
      const { started, order, nodes } = launch('sim.launch.py')
      expect(started).toEqual(['cell'])
      expect(order).toEqual([
        ['cell', 'active', 'fusion', true],
        ['fusion', 'active', 'control', true],
      ])
      for (const name of ['cell', 'fusion', 'control'])
        expect(parametersOf(nodes[name], name)).toMatchObject({ autostart: true, await_observer: true })
      const managed = launch('sim.launch.py', { autostart: 'false' })
      expect([managed.started, managed.order]).toEqual([['cell', 'fusion', 'control'], []])
      for (const name of managed.started)
        expect(parametersOf(managed.nodes[name], name)).toMatchObject({ autostart: false })
    },
  )

  test(
    'an argument that was given overrides the parameter file, which overrides defaults and sets what ' +
      'has no argument',
    () => {
      const file = join(folder, 'mine.yaml')
      writeFileSync(
        file,
        '/**: {ros__parameters: {seed: 5, objects: unseen, gripper_link: /tmp/of-the-file}}\n/**/cell: ' +
          '{ros__parameters: {episodes: 4}}\n/left/control: {ros__parameters: {speed_scale: 0.5, execution: ' +
          'receding_horizon}}\n/left/fusion: {ros__parameters: {qos_overrides: {/camera: {subscription: ' +
          '{depth: 3}}}}}\n',
      )
      const { nodes } = launch('sim.launch.py', {
        namespace: 'left',
        params_file: file,
        seed: '7',
        say: 'true',
        frame_prefix: 'left/',
      })
      expect(parametersOf(nodes['cell'], 'cell')).toMatchObject({
        seed: 7n,
        objects: 'unseen',
        gripper_link: '/tmp/of-the-file',
        episodes: 4n,
        wait: 30,
        say: 'true',
        frame_prefix: 'left/',
        publish_clock: true,
      })
      expect(parametersOf(nodes['control'], 'control')).toMatchObject({
        speed_scale: 0.5,
        execution: 'receding_horizon',
        await_command: false,
        frame_prefix: 'left/',
      })
      expect(parametersOf(nodes['fusion'], 'fusion')).toMatchObject({
        'qos_overrides./camera.subscription.depth': 3n,
        policy: '',
        frame_prefix: 'left/',
      })
    },
  )

  test('remaps go to every node; a bad remap, a bad number and a missing file end in one line', () => {
    const { nodes } = launch('robot.launch.py', { remaps: '/tool_pose:=/arm/pose  joint_states:=/fingers' })
    for (const argv of Object.values(nodes))
      expect(argv.slice(-4)).toEqual(['-r', '/tool_pose:=/arm/pose', '-r', 'joint_states:=/fingers'])
    expect(launch('robot.launch.py', { remaps: '/a=/b' }).error).toBe(
      'remaps:=/a=/b: expected FROM:=TO, separated by blanks, got /a=/b',
    )
    expect(launch('sim.launch.py', { seed: 'one' }).error).toBe('seed:=one: expected a whole number')
    expect(launch('sim.launch.py', { autostart: 'yes' }).error).toBe('autostart:=yes: expected true or false')
    expect(launch('sim.launch.py', { params_file: '/no/such.yaml' }).error).toBe(
      'params_file:=/no/such.yaml is no file',
    )
  })

  test(
    'the version of Gazebo is left to ros_gz_sim where none is given, because its launch file reads ' +
      'it as a number',
    () => {
      const world = join(folder, 'cell.sdf')
      writeFileSync(world, '<sdf/>')
      expect(launch('gazebo.launch.py', { world }).configurations).not.toHaveProperty('gz_version')
      expect(launch('gazebo.launch.py', { world, gz_version: '8' }).configurations).toMatchObject({ gz_version: '8' })
    },
  )

  test(
    'the launch ends with a node whose work is done or whose input is unusable (exit code 2), with ' +
      'respawn or without; a node that died is started again with respawn',
    () => {
      expect(launch('sim.launch.py').ends).toEqual([
        [0, true],
        [1, false],
        [2, true],
        [-9, false],
      ])
      expect(launch('replay.launch.py', { bag: 'x.mcap' }).ends).toEqual([
        [0, true],
        [1, true],
        [2, true],
        [-9, true],
      ])
    },
  )
})
