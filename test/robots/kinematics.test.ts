import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { readModel } from '../../robots/kinematics/read-model.js'
import { jointsBetween, ModelError, type ModelJoint } from '../../robots/kinematics/robot-model.js'
import { RobotError } from '../../robots/robot-error.js'
import { parseRobot } from '../../robots/robot-file.js'
import { compile, loadMujoco, type MainModule } from '../../sim/embedded/mujoco.js'
import { kinematicsXml } from '../../sim/so101/cell-xml.js'
import { ARM } from '../../sim/so101/arm.js'
import { python } from '../sim/firmware/python-path.js'

const fileText = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')
const UR5E = fileText('../../examples/robots/ur5e.urdf')
const TREE = fileText('models/tree.urdf')
const CLASSES = fileText('models/classes.xml')

interface Pinocchio {
  readonly joints: readonly {
    readonly name: string
    readonly motion: string
    readonly lower: number | null
    readonly upper: number | null
    readonly velocity: number | null
    readonly effort: number | null
  }[]
  readonly links: Readonly<Record<string, readonly string[]>>
  readonly poses: readonly { readonly position: readonly number[]; readonly rotation: readonly number[] }[]
}

function byPinocchio(urdf: string, frame: string, configurations: readonly (readonly number[])[]): Pinocchio {
  const script = fileURLToPath(new URL('models/pinocchio_model.py', import.meta.url))
  const input = JSON.stringify({ urdf, frame, configurations })
  return JSON.parse(execFileSync(python(), [script], { input, encoding: 'utf8' })) as Pinocchio
}

const byName = (a: { readonly name: string }, b: { readonly name: string }): number => (a.name < b.name ? -1 : 1)

describe('a URDF is read as Pinocchio reads it', () => {
  it.each([
    ['a UR5e', UR5E],
    ['a tree with all types of joints', TREE],
  ])('%s', (_what, urdf) => {
    const model = readModel(urdf)
    const { joints, links } = byPinocchio(urdf, 'universe', [])
    const ours = [...model.joints.values()].map(({ name, motion, range, velocity, effort }: ModelJoint) => ({
      name,
      motion,
      lower: range?.[0] ?? null,
      upper: range?.[1] ?? null,
      velocity: velocity ?? null,
      effort: effort ?? null,
    }))
    expect(ours.sort(byName)).toEqual([...joints].sort(byName))
    expect([...model.links.keys()].sort()).toEqual(Object.keys(links).sort())
    const [root = ''] = [...model.links].filter(([, { parent }]) => parent === undefined).map(([name]) => name)
    for (const [link, above] of Object.entries(links)) expect(jointsBetween(model, root, link)).toEqual(above)
  })

  it('knows which joint another one leads, and that nothing hangs on what lies beside it', () => {
    const model = readModel(TREE)
    expect([...model.joints.values()].filter(({ follows }) => follows)).toMatchObject([
      { name: 'grip_r', follows: { leader: 'grip', coefficients: [0, 1], at: 0, from: 0 } },
    ])
    expect(jointsBetween(model, 'carriage', 'wrist')).toEqual(['turn', 'bend'])
    expect(jointsBetween(model, 'wrist', 'carriage')).toBeUndefined()
    expect(jointsBetween(model, 'eye', 'wrist')).toBeUndefined()
  })
})

it("the UR5e of the examples is at the place that its maker's table of Denavit-Hartenberg parameters gives", () => {
  const table: readonly (readonly [a: number, d: number, alpha: number])[] = [
    [0, 0.1625, Math.PI / 2],
    [-0.425, 0, 0],
    [-0.3922, 0, 0],
    [0, 0.1333, Math.PI / 2],
    [0, 0.0997, -Math.PI / 2],
    [0, 0.0996, 0],
  ]
  const times = (m: number[][], n: number[][]): number[][] =>
    m.map(row => n[0]!.map((_, j) => row.reduce((sum, value, k) => sum + value * n[k]![j]!, 0)))
  const reference = (q: readonly number[]): number[][] =>
    table.reduce<number[][]>(
      (pose, [a, d, alpha], i) => {
        const [c, s, ca, sa] = [Math.cos(q[i]!), Math.sin(q[i]!), Math.cos(alpha), Math.sin(alpha)]
        return times(pose, [
          [c, -s * ca, s * sa, a * c],
          [s, c * ca, -c * sa, a * s],
          [0, sa, ca, d],
          [0, 0, 0, 1],
        ])
      },
      [0, 1, 2, 3].map(i => [0, 1, 2, 3].map(j => (i === j ? 1 : 0))),
    )
  const configurations = Array.from({ length: 20 }, (_, i) => table.map((__, j) => ((i * 7 + j * 11) % 25) / 4 - 3))
  const { poses } = byPinocchio(UR5E, 'tool0', configurations)
  configurations.forEach((q, i) => {
    const wanted = reference(q)
    const { position, rotation } = poses[i]!
    for (const r of [0, 1, 2]) {
      expect(position[r]).toBeCloseTo(wanted[r]![3]!, 8)
      for (const c of [0, 1, 2]) expect(rotation[3 * r + c]).toBeCloseTo(wanted[r]![c]!, 8)
    }
  })
})

describe('an MJCF is read as MuJoCo reads it', () => {
  let mj: MainModule
  beforeAll(async () => {
    mj = await loadMujoco()
  })

  it.each(['degree', 'radian'].flatMap(angle => ['true', 'false'].map(autolimits => [angle, autolimits] as const)))(
    'with angles in %s and autolimits %s: joints, their motion and their ranges by default classes',
    (angle, autolimits) => {
      const scale = angle === 'degree' ? 1 : Math.PI / 180
      const xml = CLASSES.replace('ANGLE', angle)
        .replace('AUTOLIMITS', autolimits)
        .replace(/(-30 30|-60 45|-1 2|0 20)/g, range =>
          range
            .split(' ')
            .map(value => Number(value) * scale)
            .join(' '),
        )
      const model = readModel(xml)
      expect(model.joints.size).toBe(7)
      const compiled = compile(mj, autolimits === 'true' ? xml : withoutGuessing(xml))
      try {
        const { model: theirs } = compiled
        for (const joint of model.joints.values()) {
          const id = mj.mj_name2id(theirs, mj.mjtObj.mjOBJ_JOINT.value, joint.name)
          expect(id, joint.name).toBeGreaterThanOrEqual(0)
          const type = (theirs.jnt_type as Int32Array)[id]
          expect(joint.motion, joint.name).toBe(type === 3 ? 'turns' : type === 2 ? 'slides' : 'other')
          const force = (theirs.jnt_actfrcrange as Float64Array).subarray(2 * id, 2 * id + 2)
          const isFree = joint.name === 'loose'
          expect(joint.effort, joint.name).toBe(joint.name === 'sway' || isFree ? undefined : force[1])
          if (joint.motion === 'other' || !joint.range) continue
          const range = [...(theirs.jnt_range as Float64Array).subarray(2 * id, 2 * id + 2)]
          joint.range.forEach((end, i) => expect(end, joint.name).toBeCloseTo(range[i]!, 9))
        }
        const limited = [...model.joints.values()].filter(({ range }) => range).map(({ name }) => name)
        expect(limited).toEqual(autolimits === 'true' ? ['pan', 'lift', 'along', 'sway'] : ['sway'])
        for (const [link, { parent }] of model.links) {
          const body = mj.mj_name2id(theirs, mj.mjtObj.mjOBJ_BODY.value, link)
          if (parent === undefined || body < 0) continue
          const parentId = (theirs.body_parentid as Int32Array)[body]
          expect(parentId, link).toBe(mj.mj_name2id(theirs, mj.mjtObj.mjOBJ_BODY.value, parent))
        }
      } finally {
        compiled.data.delete()
        compiled.model.delete()
      }
    },
  )

  /** Without autolimits MuJoCo refuses a range of a joint that does not say whether it is limited. */
  const withoutGuessing = (xml: string): string => xml.replaceAll('<joint range="', '<joint limited="false" range="')

  it('the arm of the embedded model has its joints between its base and its tool', () => {
    const model = readModel(kinematicsXml())
    expect(jointsBetween(model, 'base', 'tcp')).toEqual(ARM.slice(0, 5).map(({ name }) => name))
    for (const { name, range } of ARM)
      model.joints.get(name)?.range?.forEach((end, i) => expect(end).toBeCloseTo(range[i]!, 9))
  })
})

describe('a model that cannot be read is refused with one line', () => {
  it.each<[what: string, text: string, message: string]>([
    ['no XML', 'robot', 'is not XML: '],
    ['an unclosed element', '<robot><link name="a"></robot>', 'is not XML: '],
    ['another format', '<sdf version="1.9"/>', 'is neither URDF nor MJCF: its root is <sdf>'],
    ['xacro', '<robot xmlns:xacro="x"><xacro:include filename="a"/></robot>', 'is xacro, not URDF'],
    ['a link twice', '<robot><link name="a"/><link name="a"/></robot>', "has two links 'a'"],
    [
      'a joint in the air',
      '<robot><link name="a"/><joint name="j" type="fixed"><parent link="a"/><child link="b"/></joint></robot>',
      "joint 'j' is at the link 'b', which the file does not have",
    ],
    [
      'a joint without a child',
      '<robot><link name="a"/><joint name="j" type="fixed"><parent link="a"/></joint></robot>',
      "joint 'j' has no <child>",
    ],
    [
      'a type that is none',
      TREE.replace('type="continuous"', 'type="endless"'),
      "joint 'turn': 'endless' is not a type of joint of URDF",
    ],
    [
      'a limit that is no number',
      TREE.replace('upper="1.5"', 'upper="much"'),
      `joint 'bend': upper="much" is not a number`,
    ],
    [
      'a link with two parents',
      TREE.replace('<child link="eye"/>', '<child link="wrist"/>'),
      "link 'wrist' is the child of two joints",
    ],
    [
      'an MJCF of several files',
      '<mujoco><worldbody><include file="arm.xml"/></worldbody></mujoco>',
      "includes 'arm.xml', which is not read",
    ],
    [
      'a class that is none',
      '<mujoco><worldbody><body name="b"><joint name="j" class="x"/></body></worldbody></mujoco>',
      "has no default class 'x'",
    ],
    [
      'entities that grow',
      '<!DOCTYPE robot [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><robot name="&b;"/>',
      'is not XML: ',
    ],
  ])('%s', (_what, text, message) => {
    const read = (): unknown => readModel(text)
    expect(read).toThrow(ModelError)
    expect(read).toThrow(message)
    let said = ''
    try {
      read()
    } catch (error) {
      said = (error as Error).message
    }
    expect(said).not.toContain('\n')
  })
})

describe('a robot file is held against the model that it names', () => {
  const file = fileText('../../examples/robots/ur5e-2f85.yaml')
  const check = (text: string, model = UR5E): unknown =>
    parseRobot(text, 'ur5e.yaml', '/', path => {
      if (path !== 'ur5e.urdf') throw new Error('there is no such file')
      return model
    })

  it('fits the one of the examples', () => {
    expect(() => check(file)).not.toThrow()
  })

  it.each<[what: string, from: string | RegExp, to: string, message: string]>([
    [
      'no such file',
      'file: ur5e.urdf',
      'file: ur6e.urdf',
      ': actions.arm.kinematics.file: cannot read ur6e.urdf: there is no such file',
    ],
    [
      'no such tip',
      'tip: tool0',
      'tip: tool1',
      ": actions.arm.kinematics.tip: ur5e.urdf: 'tool1': no such link, did you mean 'tool0'?",
    ],
    [
      'no such base',
      'base: base,',
      'base: bse,',
      ": actions.arm.kinematics.base: ur5e.urdf: 'bse': no such link, did you mean 'base'?",
    ],
    [
      'base and tip the wrong way round',
      'base: base, tip: tool0',
      'base: tool0, tip: base',
      ": actions.arm.kinematics.tip: ur5e.urdf: 'base' does not hang on 'tool0'",
    ],
    [
      'a joint that it lacks',
      /elbow_joint/g,
      'knee_joint',
      ": actions.arm.kinematics: ur5e.urdf: 'knee_joint': no such joint, did you mean ",
    ],
    [
      'a joint too few',
      /(, |position\.)?wrist_3_joint(: +\{.*\}|: 0 deg)?/g,
      '',
      ": actions.arm.kinematics.tip: ur5e.urdf: wrist_3_joint moves between 'base' and 'tool0' and is no joint of 'arm'",
    ],
    [
      'more room than it has',
      '[-180 deg, 0 deg]',
      '[-400 deg, 0 deg]',
      ': limits.joints.shoulder_lift_joint: shoulder_lift_joint may go from -6.98131700798 to 0 rad here, and from -6.28319 to 6.28319 rad in ur5e.urdf',
    ],
    [
      'more speed than it has',
      '[-180 deg, 0 deg], velocity: 60',
      '[-180 deg, 0 deg], velocity: 181',
      ': limits.joints.shoulder_lift_joint: shoulder_lift_joint may go as fast as 3.15904594611 rad/s here, and 3.14159 rad/s (URDF) in ur5e.urdf',
    ],
    [
      'more effort than it has',
      '[-180 deg, 0 deg],',
      '[-180 deg, 0 deg], effort: 151 N m,',
      ': limits.joints.shoulder_lift_joint: shoulder_lift_joint may go as hard as 151 N m here, and 150 N m (URDF) in ur5e.urdf',
    ],
    [
      'no end where it has one',
      'wrist_3_joint:       { position: [-360 deg, 360 deg],',
      'wrist_3_joint:       { continuous: true,',
      ': limits.joints.wrist_3_joint: wrist_3_joint turns without an end here, and from ',
    ],
    [
      'a joint that slides',
      /(elbow_joint: +)\{.*\}/,
      '$1{ prismatic: true, position: [0 m, 1 m], velocity: 0.1 m/s }',
      ': limits.joints.elbow_joint: elbow_joint slides here and does not slide in ur5e.urdf',
    ],
  ])('%s is refused', (what, from, to, message) => {
    const text = file
      .replace(from, to)
      .replaceAll(/ +elbow_joint: 90 deg\n/g, what === 'a joint that slides' ? '      elbow_joint: 0.5 m\n' : '$&')
    expect(text).not.toBe(file)
    expect(() => check(text)).toThrow(RobotError)
    expect(() => check(text)).toThrow(message)
  })

  it('is read without its model where nobody can have it: in a recording', () => {
    expect(() => parseRobot(file.replace('ur5e.urdf', 'gone.urdf'), 'ur5e.yaml')).not.toThrow()
  })
})
