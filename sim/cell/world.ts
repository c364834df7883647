import { AxisServo } from './arm-servo.js'
import type { Episode } from './episode.js'
import { FingerDrive } from './finger-drive.js'
import { AXES, cellXml, GRIPPER, HOME, TIMESTEP_S, WORKSPACE } from './mjcf.js'
import { compile, View } from './mujoco.js'
import type { MainModule, MjData, MjModel } from './mujoco.js'

/** Net contact forces on one object, N. */
export interface ObjectContacts {
  left: number
  right: number
  palm: number
  table: number
}

interface Views {
  readonly qpos: View
  readonly qvel: View
  readonly ctrl: View
  readonly sensor: View
}

const SETTLE_STEPS = 150

/** The physics of one episode after another: arm, gripper, table and objects. One step is 1 ms. Knows neither time stamps nor threads. */
export class World {
  readonly fingers = new FingerDrive()
  /** x, y, z, qx, qy, qz, qw of the TCP in the base frame. */
  readonly tool = new Float64Array(7)
  /** Speed of the TCP, m/s, and of its yaw, rad/s. */
  toolSpeed = 0
  yawRate = 0
  /** Load on the wrist sensor in its own frame (z out of the gripper): fx, fy, fz (N), tx, ty, tz (N·m). At rest it holds the gripper's weight. */
  readonly wrench = new Float64Array(6)
  /** 7 numbers an object, in the order of the episode: x, y, z, qx, qy, qz, qw of its frame. */
  objects = new Float64Array(0)
  contacts: ObjectContacts[] = []
  /** Force between gripper and table, N. */
  gripperTable = 0
  readonly #mj: MainModule
  #xml = ''
  #model: MjModel | undefined
  #data: MjData | undefined
  #servos: AxisServo[] = []
  #views: Views | undefined

  constructor(mj: MainModule) {
    this.#mj = mj
  }

  /** The model as MJCF text, and the joint positions that draw it. */
  get xml(): string {
    return this.#xml
  }

  get qpos(): Float64Array {
    return this.#live().views.qpos.array
  }

  /** Places an episode: arm at home, fingers open, objects at rest. */
  reset(episode: Episode): void {
    this.#xml = cellXml(episode.placed)
    this.close()
    const { model, data } = compile(this.#mj, this.#xml)
    this.#model = model
    this.#data = data
    this.#views = {
      qpos: new View(() => data.qpos),
      qvel: new View(() => data.qvel),
      ctrl: new View(() => data.ctrl),
      sensor: new View(() => data.sensordata)
    }
    this.objects = new Float64Array(7 * episode.placed.length)
    this.contacts = episode.placed.map(() => ({ left: 0, right: 0, palm: 0, table: 0 }))
    this.fingers.reset()
    const { qpos } = this.#views
    const starts = [...HOME, 0]
    starts.forEach((value, axis) => (qpos.array[axis] = value))
    qpos.array[4] = qpos.array[5] = GRIPPER.maxWidth / 2
    this.#servos = starts.map((start, axis) => new AxisServo(axis < 3
      ? { start, maxSpeed: 0.5, starting: 5, braking: 12 }
      : { start, maxSpeed: 3.2, starting: 30, braking: 80 }))
    this.#mj.mj_forward(model, data)
    for (let i = 0; i < SETTLE_STEPS; i++) this.step()
  }

  /** A new set-point for the tool (x, y, z, qx, qy, qz, qw), `interval` s after the last one. It is kept within the workspace; of the rotation only the yaw counts. */
  target(pose: ArrayLike<number>, interval: number): void {
    const [x = 0, y = 0, z = 0] = [pose[0], pose[1], pose[2]]
    const yaw = toolYaw(pose)
    if (!Number.isFinite(x + y + z + yaw)) return
    const servo = (axis: number, value: number, [low, high]: readonly [number, number] | readonly number[] = [-Infinity, Infinity]): void =>
      this.#servos[axis]?.target(Math.min(Math.max(value, low ?? -Infinity), high ?? Infinity), interval)
    servo(0, x, WORKSPACE.x)
    servo(1, y, WORKSPACE.y)
    servo(2, z, WORKSPACE.z)
    const now = this.#servos[3]?.position ?? 0
    servo(3, now + wrap(yaw - now))
  }

  step(): void {
    const { model, data, views } = this.#live()
    const ctrl = views.ctrl.array
    for (let axis = 0; axis < AXES.length; axis++) {
      const servo = this.#servos[axis]
      const gains = AXES[axis]
      if (servo === undefined || gains === undefined) continue
      servo.step(TIMESTEP_S)
      ctrl[axis] = servo.position + (gains.kv * servo.velocity + gains.inertia * servo.acceleration) / gains.kp
    }
    ctrl[4] = ctrl[5] = this.fingers.drive()
    this.#mj.mj_step(model, data)
    this.#read()
  }

  close(): void {
    this.#data?.delete()
    this.#model?.delete()
    this.#data = this.#model = this.#views = undefined
  }

  #live(): { model: MjModel; data: MjData; views: Views } {
    if (this.#model === undefined || this.#data === undefined || this.#views === undefined) throw new Error('World: reset() comes before the first step')
    return { model: this.#model, data: this.#data, views: this.#views }
  }

  #read(): void {
    const { views } = this.#live()
    const qpos = views.qpos.array
    const qvel = views.qvel.array
    const sensor = views.sensor.array
    const at = (array: Float64Array, i: number): number => array[i] ?? 0
    const yaw = at(qpos, 3)
    this.tool[0] = at(qpos, 0)
    this.tool[1] = at(qpos, 1)
    this.tool[2] = at(qpos, 2)
    this.tool[3] = Math.cos(yaw / 2)
    this.tool[4] = 0 - Math.sin(yaw / 2)
    this.tool[5] = 0
    this.tool[6] = 0
    this.toolSpeed = Math.hypot(at(qvel, 0), at(qvel, 1), at(qvel, 2))
    this.yawRate = at(qvel, 3)
    this.fingers.opening = at(qpos, 4) + at(qpos, 5)
    this.fingers.rate = at(qvel, 4) + at(qvel, 5)
    for (let i = 0; i < 6; i++) this.wrench[i] = -at(sensor, i)
    this.gripperTable = length3(sensor, 6)
    let squeeze = 0
    for (let i = 0; i < this.contacts.length; i++) {
      const contact = this.contacts[i]
      if (contact === undefined) continue
      const from = 9 + 12 * i
      contact.left = length3(sensor, from)
      contact.right = length3(sensor, from + 3)
      contact.palm = length3(sensor, from + 6)
      contact.table = length3(sensor, from + 9)
      squeeze = Math.max(squeeze, contact.left, contact.right)
      for (let k = 0; k < 3; k++) this.objects[7 * i + k] = at(qpos, 6 + 7 * i + k)
      for (let k = 0; k < 3; k++) this.objects[7 * i + 3 + k] = at(qpos, 6 + 7 * i + 4 + k)
      this.objects[7 * i + 6] = at(qpos, 6 + 7 * i + 3)
    }
    this.fingers.squeeze = squeeze
  }
}

/** Yaw of a tool pose about the tool's own z, which looks down at rotation Rx(pi)·Rz(yaw): quaternion (cos yaw/2, -sin yaw/2, 0, 0). */
export function toolYaw(pose: ArrayLike<number>): number {
  const [qx = 0, qy = 0, qz = 0, qw = 0] = [pose[3], pose[4], pose[5], pose[6]]
  // The tool's x axis in the base frame is (cos yaw, -sin yaw, 0).
  return Math.atan2(-2 * (qx * qy + qw * qz), 1 - 2 * (qy * qy + qz * qz))
}

/** Into [-pi, pi). */
export const wrap = (angle: number): number => angle - 2 * Math.PI * Math.floor((angle + Math.PI) / (2 * Math.PI))

const length3 = (array: Float64Array, at: number): number => Math.hypot(array[at] ?? 0, array[at + 1] ?? 0, array[at + 2] ?? 0)
