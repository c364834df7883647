import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { bareModel } from '../../../robots/kinematics/bare-model.js'
import { ArmKinematics } from '../../../sim/arm/arm-kinematics.js'
import { LinkKinematics } from '../../../sim/arm/link-kinematics.js'
import { loadMujoco, type MainModule } from '../../../sim/embedded/mujoco.js'
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

function byPinocchio(urdf: string, frame: string, configurations: readonly (readonly number[])[]): readonly Pose[] {
  const script = fileURLToPath(new URL('../../robots/models/pinocchio_model.py', import.meta.url))
  const input = JSON.stringify({ urdf, frame, configurations })
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
