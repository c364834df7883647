import { compile, loadMujoco, type MjData, type MjModel, View, type MainModule } from '../../../sim/embedded/mujoco.js'
import { BagWriter } from '../../../middleware/bag/bag-writer.js'
import { matrixOfRpy } from '../../../fusion/compensation/rotation-matrix.js'

export const MS = 1_000_000

/** Where the sensor sits in the tool's frame: the flange's. It is turned about all three axes. */
export const MOUNT = { xyz: [0.01, -0.005, 0.06], rpy: [0.1, -0.2, 0.7] } as const
/** What the sensor says of no force and no torque. */
export const BIAS = [3.2, -4.1, 12.7, 0.21, -0.13, 0.08] as const
/** The standard deviation of one sample: that of a good wrist sensor at 1 kHz. */
export const NOISE = { force: 0.1, torque: 0.004 } as const

const quaternion = ([r, p, y]: readonly number[]): string => {
  const half = [r!, p!, y!].map(value => value / 2)
  const [cr, cp, cy] = half.map(Math.cos) as [number, number, number]
  const [sr, sp, sy] = half.map(Math.sin) as [number, number, number]
  return [
    cr * cp * cy + sr * sp * sy,
    sr * cp * cy - cr * sp * sy,
    cr * sp * cy + sr * cp * sy,
    cr * cp * sy - sr * sp * cy,
  ].join(' ')
}

/** A wrist of three joints over a shelf, and a gripper of two crooked parts that hangs on a six-axis sensor. */
const xml = (isWalled: boolean): string => `<mujoco>
  <option timestep="0.001" gravity="0 0 -9.80665" integrator="implicitfast"/>
  <worldbody>
    ${isWalled ? '<geom name="wall" type="box" size="0.02 0.5 0.5" pos="0.18 0 1" solref="0.02 1" friction="0.6"/>' : ''}
    <body pos="0 0 1">
      <joint name="yaw" axis="0 0 1" damping="5" armature="0.1"/>
      <geom type="sphere" size="0.05" mass="1"/>
      <body>
        <joint name="pitch" axis="0 1 0" damping="5" armature="0.1"/>
        <geom type="sphere" size="0.05" mass="1"/>
        <body name="flange">
          <joint name="roll" axis="1 0 0" damping="5" armature="0.1"/>
          <geom type="sphere" size="0.05" mass="1"/>
          <body name="gripper" pos="${MOUNT.xyz.join(' ')}" quat="${quaternion(MOUNT.rpy)}">
            <site name="sensor"/>
            <geom type="box" size="0.04 0.03 0.05" pos="0.01 -0.02 0.05" mass="0.8"/>
            <geom type="box" size="0.02 0.05 0.01" pos="-0.03 0.01 0.11" mass="0.45"/>
          </body>
        </body>
      </body>
    </body>
  </worldbody>
  <actuator>
    <position joint="yaw" kp="4000" kv="150"/>
    <position joint="pitch" kp="4000" kv="150"/>
    <position joint="roll" kp="4000" kv="150"/>
  </actuator>
  <sensor><force site="sensor"/><torque site="sensor"/>
    ${isWalled ? '<contact body1="gripper" geom2="wall" reduce="netforce" data="force torque pos"/>' : ''}
  </sensor>
</mujoco>`

/** mulberry32 and Box-Muller: a standard normal deviate a call. */
export function normal(seed: number): () => number {
  let state = seed >>> 0
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 4294967296
  }
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
}

/** The arm in MuJoCo, whose own numbers are the truth. */
export class PayloadArm {
  /** ns */
  now = 0
  /** The pose of the tool: x, y, z, qx, qy, qz, qw in the world. */
  readonly pose = new Float64Array(7)
  /** What the sensor says: the wrench on the gripper, with bias and noise, sensor frame. */
  readonly wrench = new Float64Array(6)
  readonly #mj: MainModule
  readonly #model: MjModel
  readonly #data: MjData
  readonly #normal: () => number
  readonly #views: Readonly<Record<'ctrl' | 'sensor' | 'xpos' | 'xquat' | 'xipos' | 'xfrc', View>>

  private constructor(mj: MainModule, seed: number, isWalled: boolean) {
    this.#mj = mj
    const { model, data } = compile(mj, xml(isWalled))
    this.#model = model
    this.#data = data
    this.#normal = normal(seed)
    this.#views = {
      ctrl: new View(() => data.ctrl as Float64Array),
      sensor: new View(() => data.sensordata as Float64Array),
      xpos: new View(() => data.xpos as Float64Array),
      xquat: new View(() => data.xquat as Float64Array),
      xipos: new View(() => data.xipos as Float64Array),
      xfrc: new View(() => data.xfrc_applied as Float64Array),
    }
  }

  /** @param seed of the sensor's noise. @param isWalled whether there is a wall in front, which the gripper can reach. */
  static async make(seed: number, { isWalled = false } = {}): Promise<PayloadArm> {
    return new PayloadArm(await loadMujoco(), seed, isWalled)
  }

  /** MuJoCo's own mass of what hangs on the sensor (kg), and its centre in the sensor's frame (m). */
  get truth(): { readonly mass: number; readonly centre: readonly number[] } {
    const mass = (this.#model.body_mass as Float64Array)[GRIPPER]!
    const centre = [...(this.#model.body_ipos as Float64Array).subarray(3 * GRIPPER, 3 * GRIPPER + 3)]
    return { mass, centre }
  }

  /** Pushes on the gripper's centre of mass with a force (N) and a torque (N·m) in the world's frame. */
  push(force: readonly number[], torque: readonly number[] = [0, 0, 0]): void {
    this.#views.xfrc.array.set([...force, ...torque], 6 * GRIPPER)
  }

  /** The pushing force at the tool's origin and in its frame: f64[6]. */
  pushedOnTool(): number[] {
    const xfrc = this.#views.xfrc.array.slice(6 * GRIPPER, 6 * GRIPPER + 6)
    return this.#onTool(xfrc.subarray(0, 3), xfrc.subarray(3), this.#views.xipos.array.subarray(3 * GRIPPER))
  }

  /** What MuJoCo's contacts with the wall do to the gripper, at the tool's origin and in its frame: f64[6]. */
  contactOnTool(): number[] {
    const { array } = this.#views.sensor
    // The sensor gives force and torque at the centroid of the contacts, as the first body acts on the second.
    const [force, torque] = [array.slice(6, 9), array.slice(9, 12)].map(each => each.map(value => -value))
    return this.#onTool(force!, torque!, array.subarray(12, 15))
  }

  /** A force (N) at a place and a torque (N·m), in the world's frame, as a wrench at the tool's origin in its frame. */
  #onTool(force: Float64Array, torque: Float64Array, place: Float64Array): number[] {
    const arm = [0, 1, 2].map(i => place[i]! - this.pose[i]!)
    const whole = [...torque].map((value, i) => {
      const [j, k] = [(i + 1) % 3, (i + 2) % 3]
      return value + arm[j]! * force[k]! - arm[k]! * force[j]!
    })
    const [x = 0, y = 0, z = 0, w = 1] = this.pose.subarray(3)
    const cross = (a: readonly number[], b: readonly number[]): number[] => [
      a[1]! * b[2]! - a[2]! * b[1]!,
      a[2]! * b[0]! - a[0]! * b[2]!,
      a[0]! * b[1]! - a[1]! * b[0]!,
    ]
    /** Turned by the inverse of the quaternion: v + 2 u × (u × v + w v) with u = -(x, y, z). */
    const into = (v: readonly number[]): number[] => {
      const u = [-x, -y, -z]
      const inner = cross(u, v).map((value, i) => value + w * v[i]!)
      return cross(u, inner).map((value, i) => v[i]! + 2 * value)
    }
    return [...into([...force]), ...into(whole)]
  }

  /** One step of 1 ms with the joints driven to yaw, pitch, roll (rad). */
  step(target: readonly number[]): void {
    const { ctrl, sensor, xpos, xquat } = this.#views
    target.forEach((value, i) => (ctrl.array[i] = value))
    this.#mj.mj_step(this.#model, this.#data)
    // mj_step leaves places and sensors of the state before it. They belong together.
    this.now += MS
    for (let i = 0; i < 3; i++) this.pose[i] = xpos.array[3 * FLANGE + i]!
    const [w, x, y, z] = xquat.array.subarray(4 * FLANGE, 4 * FLANGE + 4)
    this.pose.set([x!, y!, z!, w!], 3)
    for (let i = 0; i < 6; i++) {
      const deviation = i < 3 ? NOISE.force : NOISE.torque
      this.wrench[i] = BIAS[i]! - sensor.array[i]! + deviation * this.#normal()
    }
  }

  close(): void {
    this.#data.delete()
    this.#model.delete()
  }
}

/** The bodies of the MJCF, in its order. */
const FLANGE = 3
const GRIPPER = 4

/** Tilted orientations: yaw, pitch, roll (rad) of the joints. */
export const TILTED: readonly (readonly number[])[] = [
  [0, 0, 0],
  [0.5, 0.8, 0],
  [1, -0.9, 0.3],
  [-0.4, 0.2, 1.1],
  [0.2, 0.1, -1.2],
  [0.9, 1.3, 0.8],
  [-1, -0.6, -0.9],
  [0.3, 0.5, 2.4],
]

export interface RecordOptions {
  readonly seed: number
  readonly orientations?: readonly (readonly number[])[]
  /** ms */
  readonly travel?: number
  readonly rest?: number
  /** Changes what is written of the wrench at `now` (ns). */
  readonly spoil?: (wrench: Float64Array, now: number) => void
  readonly topics?: { readonly wrench: string; readonly pose: string }
  readonly poses?: boolean
}

/** Records the arm as it goes from one orientation to the next and rests in each: wrenches at 1 kHz, poses at 125 Hz. */
export async function recordRests(path: string, options: RecordOptions): Promise<void> {
  const { orientations = TILTED, travel = 1200, rest = 1500, spoil, poses = true } = options
  const topics = options.topics ?? { wrench: '/wrist/wrench', pose: '/tool_pose' }
  const arm = await PayloadArm.make(options.seed)
  const writer = new BagWriter(path, { epochSec: 1_700_000_000 })
  let from = orientations[0]!
  try {
    for (const to of orientations) {
      for (let t = 1; t <= travel + rest; t++) {
        arm.step(between(from, to, Math.min(1, t / travel)))
        const wrench = arm.wrench.slice()
        spoil?.(wrench, arm.now)
        writer.write(
          topics.wrench,
          'geometry_msgs/msg/WrenchStamped',
          { stamp: arm.now, frameId: 'ft', wrench },
          arm.now,
        )
        if (poses && t % 8 === 0) {
          const pose = { stamp: arm.now, frameId: 'base', pose: arm.pose.slice() }
          writer.write(topics.pose, 'geometry_msgs/msg/PoseStamped', pose, arm.now + 2 * MS)
        }
      }
      from = to
    }
    await writer.close()
  } finally {
    arm.close()
  }
}

/** A motion that begins and ends at rest. */
export const between = (from: readonly number[], to: readonly number[], share: number): number[] => {
  const smooth = share * share * share * (10 - 15 * share + 6 * share * share)
  return from.map((value, i) => value + (to[i]! - value) * smooth)
}

/** The angle (rad) between two mounts. */
export function turnBetween(a: readonly [number, number, number], b: readonly [number, number, number]): number {
  const [p, q] = [matrixOfRpy(a), matrixOfRpy(b)]
  return Math.acos(Math.min(1, (p.reduce((sum, value, i) => sum + value * q[i]!, 0) - 1) / 2))
}
