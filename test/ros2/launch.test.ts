import { spawnSync } from 'node:child_process'
import { accessSync, constants, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { KINDS } from '../../cli/ros2/kinds.js'
import { COMMON } from '../../cli/ros2/node-kind.js'
import { parameterTable } from '../../cli/ros2/parameter-table.js'
import type { ParameterDescription } from '../../middleware/parameters.js'
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
const SHARED = ['robot', 'use_sim_time', 'namespace', 'log_level', 'respawn']
const PYTHON_TYPES: Readonly<Record<string, string>> = { boolean: 'bool', integer: 'int', double: 'float', string: 'str' }
const kinds = Object.fromEntries(await Promise.all(Object.entries(KINDS).map(async ([name, { summary, load }]) => [name, { summary, ...await load() }] as const)))
const declarationsOf = (node: string): Record<string, ParameterDescription> => ({ ...kinds[node].parameters, ...COMMON })

test('docs/reference/parameters.md is what the declarations say (npx tsx scripts/parameter-table.ts)', async () => {
  expect(readFileSync(join(root, 'docs/reference/parameters.md'), 'utf8')).toBe(await parameterTable())
})

describe.each(Object.entries(kinds))('node %s', (_name, { summary, parameters }) => {
  test('declares each parameter with a description and a default that fits', () => {
    expect(summary).not.toBe('')
    for (const [name, { description, range, type, default: value }] of Object.entries<ParameterDescription>({ ...parameters, ...COMMON })) {
      expect([name, description.length > 10]).toEqual([name, true])
      if (type === 'double' || type === 'integer') expect([name, range !== undefined && Number(value) >= range.min && Number(value) <= range.max]).toEqual([name, true])
    }
  })
})

describeRos('launch files', () => {
  const { stdout, stderr } = spawnSync('python3', [join(root, 'test/ros2/read_launch.py')], {
    input: JSON.stringify(['prehend_nodes.py', ...FILES].map(file => join(root, 'launch', file))), encoding: 'utf8',
  })
  const read = stdout === '' ? {} : JSON.parse(stdout) as Record<string, Launch>
  const shared = read['prehend_nodes.py']

  test('are the ones that are known here, and all of them can be read', () => {
    expect(stderr).toBe('')
    expect(readdirSync(join(root, 'launch')).filter(name => name.endsWith('.launch.py')).sort()).toEqual([...FILES].sort())
  })

  test('what is common to them is declared by every node', () => {
    expect(shared.given).toEqual(['robot', 'autostart', 'use_sim_time'])
    for (const name of shared.given) if (name !== 'use_sim_time') expect(COMMON).toHaveProperty(name)
  })

  describe.each(FILES)('%s', file => {
    test('describes its arguments, and needs all of them and no others', () => {
      const { arguments: declared, used, nodes } = read[file]
      for (const [name, value, description] of declared) {
        expect([name, description.length > 5]).toEqual([name, true])
        expect(value === null || typeof value === 'string').toBe(true)
      }
      const names = declared.map(([name]) => name)
      expect(new Set(names).size).toBe(names.length)
      expect(names).toEqual(expect.arrayContaining([...used]))
      expect(names.filter(name => !used.includes(name) && !SHARED.includes(name))).toEqual([])
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
        expect(readFileSync(join(install, 'share/prehend/launch', name), 'utf8')).toBe(readFileSync(join(root, 'launch', name), 'utf8'))
      }
    })
  })

  test('every kind of node has its executable, and no others are there', () => {
    expect(readdirSync(join(install, 'lib/prehend')).sort()).toEqual(Object.keys(KINDS).sort())
  })
})
