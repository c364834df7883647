import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { python } from '../sim/firmware/python-path.js'
import { command, commandJson } from './command.js'
import { root, temporaryFolder } from './prehend.js'

const folder = temporaryFolder()
const examples = join(root, 'examples/robots')
const files = readdirSync(examples).filter(name => name.endsWith('.yaml'))

interface Checked {
  readonly actuators: readonly {
    readonly name: string
    readonly kind: string
    readonly joints: readonly string[]
    readonly takes: readonly { readonly kind: string; readonly names: readonly string[] }[]
    readonly limits: { readonly joints: Readonly<Record<string, { readonly position?: readonly number[] }>> }
    readonly driven: boolean
  }[]
}

/** What an independent validator of JSON Schema finds wrong with these values, in order. */
function schemaErrors(values: readonly unknown[]): string[][] {
  const schema = JSON.parse(readFileSync(join(root, 'robots/robot.schema.json'), 'utf8')) as unknown
  const script = [
    'import json, sys, jsonschema',
    'request = json.load(sys.stdin)',
    'validator = jsonschema.Draft7Validator(request["schema"])',
    'validator.check_schema(request["schema"])',
    'print(json.dumps([[e.message for e in validator.iter_errors(v)] for v in request["values"]]))',
  ].join('\n')
  const input = JSON.stringify({ schema, values })
  return JSON.parse(execFileSync(python(), ['-c', script], { input, encoding: 'utf8' })) as string[][]
}

/** Why a robot does not stand in a simulated cell. */
const REASONS: Readonly<Record<string, string>> = {
  'so101.yaml': 'actions.arm.port names a port of its own, and the cell brings one',
  'so101-leader.yaml': 'actions.',
  'two-arms.yaml': 'the SO-101 cell has one arm on a servo bus and nothing beside it',
  'ur5e-2f85.yaml': 'the control loop cannot drive ',
}

describe('the example robots', () => {
  test.each(files)('%s is explained by prehend check, in words and as JSON', async name => {
    const path = join(examples, name)
    const { status, stdout, stderr } = await command(['check', path])
    expect([status, stderr]).toEqual([0, ''])
    const { actuators } = (await commandJson(['check', path])) as unknown as Checked
    expect(actuators.length).toBeGreaterThan(0)
    for (const { name: actuator, joints } of actuators) {
      expect(stdout).toMatch(new RegExp(`^ {2}${actuator}: `, 'm'))
      for (const joint of joints) expect(stdout).toMatch(new RegExp(`^ +${joint} +-?[0-9.]+ to [0-9.]+ deg`, 'm'))
    }
    expect(stdout).not.toContain('refuse this robot')
  })

  test.each(files)('%s is refused by run in a cell, in one line, and nothing is written', async name => {
    const recording = join(folder, `${name}.mcap`)
    const words = ['run', '--source', 'sim', '--robot', join(examples, name), '--record', recording]
    const { status, stdout, stderr } = await command(words)
    expect(status).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toMatch(/^prehend: robot [\w-]+: [^\n]+; nothing was moved\n$/)
    expect(stderr).toContain(REASONS[name])
    expect(readdirSync(folder)).not.toContain(`${name}.mcap`)
  })

  test('what of them the control loop drives is said as run does it', async () => {
    const driven = async (file: string): Promise<boolean[]> =>
      ((await commandJson(['check', file])) as unknown as Checked).actuators.map(each => each.driven)
    for (const name of files) expect((await driven(join(examples, name))).every(each => each)).toBe(true)
    // Neither its name nor how many there are matters.
    const text = readFileSync(join(examples, 'ur5e-2f85.yaml'), 'utf8')
    const path = join(folder, 'two-grippers.yaml')
    writeFileSync(
      path,
      text
        .replace(/ +kinematics: .*\n/, '')
        .replace(/ +(workspace|speed|yaw_rate): .*\n/g, '')
        .replace(/^ {2}gripper: \{ driver.*$/m, line =>
          [line, line.replace('gripper', 'other_gripper').replace('ttyUSB0', 'ttyUSB1')].join('\n'),
        ),
    )
    expect(await driven(path)).toEqual([true, true, true])
    expect((await command(['check', path])).stdout).not.toContain('refuse this robot')
  })

  test('two arms have the same joints, the limits of both and their own', async () => {
    const { actuators } = (await commandJson(['check', join(examples, 'two-arms.yaml')])) as unknown as Checked
    const pan = (i: number): readonly number[] | undefined => actuators[i]?.limits.joints['shoulder_pan']?.position
    expect(actuators.map(each => each.name)).toEqual(['left', 'right'])
    expect(actuators[0]?.joints).toEqual(actuators[1]?.joints)
    expect(pan(0)?.[1]).toBeCloseTo((110 * Math.PI) / 180, 9)
    expect(pan(1)?.[1]).toBeCloseTo((30 * Math.PI) / 180, 9)
  })

  test('fit the JSON Schema that editors use, and what prehend refuses does not', () => {
    const values = files.map(name => parse(readFileSync(join(examples, name), 'utf8')) as Record<string, unknown>)
    const cell = parse(readFileSync(join(root, 'robots/cell.yaml'), 'utf8')) as Record<string, unknown>
    const broken = (actions: object): object => ({ ...cell, actions })
    const errors = schemaErrors([
      cell,
      ...values,
      broken({ arm: { topic: '/a', type: 'trajectory_msgs/msg/JointTrajectory', state: 'joints' } }),
      broken({ arm: { driver: 'sts3215', joints: { a: { id: 300 } }, state: 'joints' } }),
      broken({ grip: { action: '/a', type: 'control_msgs/action/GripperCommand', joints: ['a'] } }),
    ])
    expect(errors.slice(0, -3)).toEqual(errors.slice(0, -3).map(() => []))
    for (const found of errors.slice(-3)) expect(found.length).toBeGreaterThan(0)
  })
})

test('a model that is not there, or lacks the tip, is said with the line of the robot file', async () => {
  const text = readFileSync(join(examples, 'ur5e-2f85.yaml'), 'utf8')
  const path = join(folder, 'ur5e.yaml')
  writeFileSync(path, text)
  const missing = await command(['check', path])
  expect(missing.status).toBe(2)
  expect(missing.stderr).toMatch(
    /^prehend: \S+ur5e\.yaml:\d+: actions\.arm\.kinematics\.file: cannot read ur5e\.urdf: there is no such file\n$/,
  )
  writeFileSync(join(folder, 'ur5e.urdf'), readFileSync(join(examples, 'ur5e.urdf')))
  expect((await command(['check', path])).status).toBe(0)
  writeFileSync(path, text.replace('tip: tool0', 'tip: tcp'))
  const lacking = await command(['check', path])
  expect([lacking.status, lacking.stdout]).toEqual([2, ''])
  expect(lacking.stderr).toMatch(/actions\.arm\.kinematics\.tip: ur5e\.urdf: 'tcp': no such link/)
})
