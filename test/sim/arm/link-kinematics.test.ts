import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { bareModel } from '../../../robots/kinematics/bare-model.js'
import { followersAmong } from '../../../robots/kinematics/followers.js'
import { readModel } from '../../../robots/kinematics/read-model.js'
import { jointsBetween } from '../../../robots/kinematics/robot-model.js'
import { ArmKinematics } from '../../../sim/arm/arm-kinematics.js'
import { LinkKinematics } from '../../../sim/arm/link-kinematics.js'
import { compile, loadMujoco, type MainModule } from '../../../sim/embedded/mujoco.js'
import { Random } from '../../../sim/embedded/random.js'
import { ARM_JOINTS, JOINTS } from '../../../sim/so101/arm.js'
import { kinematicsXml } from '../../../sim/so101/cell-xml.js'
import { python } from '../firmware/python-path.js'

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')
const UR5E = read('../../../examples/robots/ur5e.urdf')
const UR_JOINTS = ['shoulder_pan', 'shoulder_lift', 'elbow', 'wrist_1', 'wrist_2', 'wrist_3'].map(
  joint => `${joint}_joint`,
)

interface Pose {
  readonly position: readonly number[]
  readonly rotation: readonly number[]
}

function byPinocchio(
  urdf: string,
  frame: string,
  configurations: readonly (readonly number[])[],
  mimic = false,
): readonly Pose[] {
  const script = fileURLToPath(new URL('../../robots/models/pinocchio_model.py', import.meta.url))
  const input = JSON.stringify({ urdf, frame, configurations, mimic })
  return (JSON.parse(execFileSync(python(), [script], { input, encoding: 'utf8' })) as { poses: Pose[] }).poses
}

/** A pose in the frame of another, both in the world: written from its definition. */
function seenFrom(base: Pose, pose: Pose): Pose {
  const away = pose.position.map((value, i) => value - base.position[i]!)
  const at = (m: readonly number[], row: number, column: number): number => m[3 * row + column]!
  const rows = [0, 1, 2]
  return {
    position: rows.map(i => rows.reduce((sum, k) => sum + at(base.rotation, k, i) * away[k]!, 0)),
    rotation: rows.flatMap(i =>
      rows.map(j => rows.reduce((sum, k) => sum + at(base.rotation, k, i) * at(pose.rotation, k, j), 0)),
    ),
  }
}

const expectNear = (given: ArrayLike<number>, wanted: ArrayLike<number>, digits: number): void =>
  Array.from(wanted).forEach((value, i) => expect(given[i]).toBeCloseTo(value, digits))

let mj: MainModule
beforeAll(async () => {
  mj = await loadMujoco()
})
const random = new Random(3, 'link-kinematics')
const drawn = (count: number, joints: number): number[][] =>
  Array.from({ length: count }, () => Array.from({ length: joints }, () => random.uniform(-2, 2)))

describe('where a tool is by its joints', () => {
  test('of a URDF is what Pinocchio says, also where the base is a link that is turned', () => {
    const configurations = drawn(20, 6)
    for (const [base, tip] of [
      ['base', 'tool0'],
      ['base', 'wrist_2_link'],
      ['upper_arm_link', 'tool0'],
    ] as const) {
      const tips = byPinocchio(UR5E, tip, configurations)
      const bases = byPinocchio(UR5E, base, configurations)
      const arm = new LinkKinematics(mj, { xml: bareModel(UR5E), joints: UR_JOINTS, base, tip })
      configurations.forEach((joints, i) => {
        arm.set(joints)
        const { position, rotation } = seenFrom(bases[i]!, tips[i]!)
        expectNear(arm.position, position, 9)
        expectNear(arm.rotation, rotation, 9)
      })
      arm.close()
    }
  })

  test('of an MJCF without its geometry is that of the whole model', () => {
    const joints = JOINTS.slice(0, ARM_JOINTS)
    const whole = new ArmKinematics(mj, { xml: kinematicsXml(), joints, site: 'tcp' })
    const bare = new LinkKinematics(mj, { xml: bareModel(kinematicsXml()), joints, tip: 'tcp' })
    for (const values of drawn(20, joints.length)) {
      whole.set(values)
      bare.set(values)
      expectNear(bare.position, whole.position, 12)
      expectNear(bare.rotation, whole.rotation, 12)
    }
  })

  test('needs no mesh, material or mass', () => {
    const urdf = UR5E.replace(
      /<link name="tool0"\s*\/>|<link name="tool0">/,
      whole =>
        `${whole.replace(/\s*\/?>$/, '')}><visual><geometry><mesh filename="package://none/a&amp;b.dae"/></geometry></visual></link>`,
    )
    expect(urdf).toContain('a&amp;b.dae')
    expect(bareModel(urdf)).not.toContain('mesh')
    const mjcf = `<mujoco><compiler angle="radian" meshdir="none"/><asset><mesh name="m" file="none.stl"/></asset>
      <default><geom material="none"/><joint axis="0 1 0"/></default>
      <worldbody><body name="link" pos="0 0 1"><joint name="j"/><geom type="mesh" mesh="m"/><site name="tip" pos="1 0 0"/></body></worldbody>
      <actuator><motor joint="j"/></actuator></mujoco>`
    const arm = new LinkKinematics(mj, { xml: bareModel(mjcf), joints: ['j'], tip: 'tip' })
    arm.set([Math.PI / 2])
    expectNear(arm.position, [0, 0, 0], 12)
  })

  test('allocates nothing that lasts, 100 times a second and much more', () => {
    const arm = new LinkKinematics(mj, { xml: bareModel(UR5E), joints: UR_JOINTS, base: 'base', tip: 'tool0' })
    const joints = new Float64Array(6)
    for (let n = 0; n < 2000; n++) arm.set(joints)
    const { heapUsed } = process.memoryUsage()
    for (let n = 0; n < 20_000; n++) {
      joints[0] = n / 20_000
      arm.set(joints)
    }
    expect(process.memoryUsage().heapUsed - heapUsed).toBeLessThan(8_000_000)
  })
})

/** What follows between the root and `tip` where `moved` are moved. */
const followersOf = (text: string, base: string, tip: string, moved: readonly string[]) => {
  const model = readModel(text)
  return followersAmong(jointsBetween(model, base, tip)!, model, 'arm', moved, why => {
    throw new Error(why)
  })
}

describe('where a tool is by joints that follow others', () => {
  /** A lift whose upper stage follows the lower one, and a parallelogram that keeps the plate level. */
  const URDF = `<robot name="r"><link name="base"/><link name="a"/><link name="b"/><link name="c"/><link name="d"/><link name="tip"/>
    <joint name="lift" type="prismatic"><parent link="base"/><child link="a"/><origin xyz="0.1 0 0.2" rpy="0.1 0 0"/><axis xyz="0 0 1"/><limit lower="-3" upper="3" effort="1" velocity="1"/></joint>
    <joint name="stage" type="prismatic"><parent link="a"/><child link="b"/><axis xyz="0 0 1"/><limit lower="-9" upper="9" effort="1" velocity="1"/><mimic joint="lift" multiplier="1.5" offset="-0.05"/></joint>
    <joint name="shoulder" type="revolute"><parent link="b"/><child link="c"/><axis xyz="0 1 0"/><limit lower="-3" upper="3" effort="1" velocity="1"/></joint>
    <joint name="level" type="revolute"><parent link="c"/><child link="d"/><origin xyz="0.4 0 0"/><axis xyz="0 1 0"/><limit lower="-9" upper="9" effort="1" velocity="1"/><mimic joint="shoulder" multiplier="-1"/></joint>
    <joint name="plate" type="fixed"><parent link="d"/><child link="tip"/><origin xyz="0.1 0.02 0"/></joint></robot>`

  test('of a URDF is what Pinocchio says of its mimic joints', () => {
    const configurations = drawn(20, 2)
    const poses = byPinocchio(URDF, 'tip', configurations, true)
    const joints = ['lift', 'shoulder']
    const followers = followersOf(URDF, 'base', 'tip', joints)
    expect(followers.map(({ joint }) => joint)).toEqual(['stage', 'level'])
    const arm = new LinkKinematics(mj, { xml: bareModel(URDF), joints, followers, base: 'base', tip: 'tip' })
    configurations.forEach((values, i) => {
      arm.set(values)
      expectNear(arm.position, poses[i]!.position, 9)
      expectNear(arm.rotation, poses[i]!.rotation, 9)
    })
    arm.close()
  })

  test.each(['degree', 'radian'])(
    'of an MJCF with angles in %s is where MuJoCo has no error of its equalities',
    angle => {
      const ref = angle === 'degree' ? 20 : (20 * Math.PI) / 180
      const mjcf = `<mujoco><compiler angle="${angle}"/><default><geom size="0.01" mass="0.1"/><default class="turned"><joint axis="0 1 0" ref="${ref}"/></default></default>
      <worldbody><body name="a"><geom/><joint name="lead" axis="0 0 1" class="turned"/>
        <body name="b" pos="0.3 0 0"><geom/><joint name="bend" axis="0 1 0" ref="${ref / 2}"/>
          <body name="c" pos="0 0 0.2"><geom/><joint name="slide" type="slide" axis="1 0 0" ref="0.1"/>
            <body name="d" pos="0 0 0.1"><geom/><joint name="stay" axis="1 0 0"/><site name="tip" pos="0.1 0.2 0.3"/></body></body></body></body></worldbody>
      <equality><joint joint1="slide" joint2="bend" polycoef="0.02 0.1"/><joint joint1="bend" joint2="lead" polycoef="0.1 -0.5 0.25 0.03 0.01"/>
        <joint joint1="stay" polycoef="0.4 0 0 0 0"/><joint joint1="lead" joint2="stay" active="false"/></equality></mujoco>`
      const followers = followersOf(mjcf, 'world', 'tip', ['lead'])
      expect(followers.map(({ joint }) => joint)).toEqual(['bend', 'slide', 'stay'])
      const arm = new LinkKinematics(mj, { xml: bareModel(mjcf), joints: ['lead'], followers, tip: 'tip' })
      const { model, data } = compile(mj, mjcf)
      const qpos = (): Float64Array => data.qpos as Float64Array
      for (const [lead] of drawn(10, 1)) {
        qpos().fill(0)
        qpos()[0] = lead!
        // The error of an equality is linear in the joint that follows. Its joint is later in the tree than its leader.
        for (const [equality, follower] of [
          [1, 1],
          [0, 2],
          [2, 3],
        ] as const) {
          mj.mj_forward(model, data)
          qpos()[follower]! -= (data.efc_pos as Float64Array)[equality]!
        }
        mj.mj_forward(model, data)
        expect(data.nefc).toBe(3)
        expectNear((data.efc_pos as Float64Array).slice(0, 3), [0, 0, 0], 12)
        arm.set([lead!])
        expectNear(arm.position, (data.site_xpos as Float64Array).slice(0, 3), 9)
        expectNear(arm.rotation, (data.site_xmat as Float64Array).slice(0, 9), 9)
      }
      data.delete()
      model.delete()
      arm.close()
    },
  )

  test.each<[what: string, text: string, moved: readonly string[], why: string]>([
    [
      'a leader that nobody moves',
      URDF,
      ['shoulder'],
      "'stage' follows 'lift', which is no joint of 'arm', so nobody knows",
    ],
    [
      'a leader that is not there',
      URDF.replace('mimic joint="lift"', 'mimic joint="left"'),
      ['lift', 'shoulder'],
      "'stage' follows 'left', which it does not have",
    ],
    [
      'a joint that is moved and follows',
      URDF,
      ['lift', 'stage', 'shoulder'],
      "'stage' follows 'lift', so it has no command",
    ],
    [
      'joints that follow each other',
      URDF.replace('<limit lower="-3"', '<mimic joint="stage"/><limit lower="-3"'),
      ['shoulder'],
      "'stage' follows 'lift', which follows it",
    ],
    [
      'a leader that floats',
      URDF.replace('name="lift" type="prismatic"', 'name="lift" type="floating"'),
      ['shoulder'],
      'not exactly one degree',
    ],
  ])('%s is refused in one line', (_what, text, moved, why) => {
    expect(() => followersOf(text, 'base', 'tip', moved)).toThrow(why)
  })
})
