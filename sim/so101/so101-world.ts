import { compile, View } from '../embedded/mujoco.js'
import type { MainModule, MjData, MjModel } from '../embedded/mujoco.js'
import { JOINTS } from './arm.js'
import { cellXml, motorAt, OBJECTS_AT, SENSORS } from './cell-xml.js'
import type { So101Episode } from './episode.js'
import { ServoDrive } from './servo-drive.js'

/** Net contact forces on one object, N: of the hand with its fixed jaw, of the moving jaw, of the table. */
export interface ObjectForces {
  fixed: number
  moving: number
  table: number
}

/**
 * Angles of the joints at the start of an episode, rad: the hand in front of the arm, over the table, half open, out of
 * the overhead camera's view of the objects.
 */
export const HOME: readonly number[] = [0, -0.9, 0.75, 1.2, 0, 0.5]

/** Number of physics steps in which the objects come to rest after they were placed. */
const SETTLE_STEPS = 300

interface Views {
  readonly qpos: View
  readonly qvel: View
  readonly ctrl: View
  readonly sensor: View
}

/**
 * The physics of one episode after another: the arm, its servos' motors, table, bins and objects. One step is 1 ms. It
 * uses no time stamps and no threads. The firmware moves the arm through `servos`, one for each joint.
 */
export class So101World {
  readonly servos: readonly ServoDrive[] = JOINTS.map(() => new ServoDrive())
  /** Load on the wrist force sensor in the hand's frame: fx, fy, fz (N), tx, ty, tz (N·m). */
  readonly wrench = new Float64Array(6)
  /** For each object, in the order of the episode: x, y, z, qx, qy, qz, qw of its frame, and its velocity in m/s. */
  objects = new Float64Array(0)
  speeds = new Float64Array(0)
  contacts: ObjectForces[] = []
  /** Force between hand and table, N. */
  handTable = 0
  readonly #mj: MainModule
  #xml = ''
  #live: { readonly model: MjModel; readonly data: MjData; readonly views: Views } | undefined

  constructor(mj: MainModule) {
    this.#mj = mj
  }

  /** The model as MJCF text. */
  get xml(): string {
    return this.#xml
  }

  /** The joint positions. Model and joint positions are all that a renderer needs. */
  get qpos(): Float64Array {
    return this.#running().views.qpos.array
  }

  /** Sets up an episode: the arm at home with its servos holding it, the objects at rest. */
  reset({ placed }: Pick<So101Episode, 'placed'>): void {
    this.close()
    this.#xml = cellXml(placed)
    const { model, data } = compile(this.#mj, this.#xml)
    const views = {
      qpos: new View(() => data.qpos as Float64Array),
      qvel: new View(() => data.qvel as Float64Array),
      ctrl: new View(() => data.ctrl as Float64Array),
      sensor: new View(() => data.sensordata as Float64Array),
    }
    this.#live = { model, data, views }
    this.objects = new Float64Array(7 * placed.length)
    this.speeds = new Float64Array(placed.length)
    this.contacts = placed.map(() => ({ fixed: 0, moving: 0, table: 0 }))
    HOME.forEach((angle, joint) => {
      views.qpos.array[motorAt(joint)] = angle
      const servo = this.servos[joint]
      if (servo === undefined) return
      servo.angle = angle
      servo.rate = 0
      servo.drive(angle, 1)
    })
    this.#mj.mj_forward(model, data)
    for (let i = 0; i < SETTLE_STEPS; i++) this.step()
  }

  /** Simulates one step. */
  step(): void {
    const { model, data, views } = this.#running()
    const ctrl = views.ctrl.array
    for (let joint = 0; joint < this.servos.length; joint++) ctrl[joint] = this.servos[joint]!.torque()
    this.#mj.mj_step(model, data)
    this.#read()
  }

  /** Frees MuJoCo's memory. */
  close(): void {
    this.#live?.data.delete()
    this.#live?.model.delete()
    this.#live = undefined
  }

  #running(): { model: MjModel; data: MjData; views: Views } {
    if (this.#live === undefined) throw new Error('So101World: reset() comes before the first step')
    return this.#live
  }

  #read(): void {
    const { views } = this.#running()
    const qpos = views.qpos.array
    const qvel = views.qvel.array
    const sensor = views.sensor.array
    for (let joint = 0; joint < this.servos.length; joint++) {
      const servo = this.servos[joint]!
      const at = motorAt(joint)
      servo.angle = qpos[at]! + qpos[at + 1]!
      servo.rate = qvel[at]! + qvel[at + 1]!
    }
    for (let i = 0; i < 6; i++) this.wrench[i] = -sensor[SENSORS.wristForce + i]!
    this.handTable = length3(sensor, SENSORS.hand)
    for (let i = 0; i < this.contacts.length; i++) {
      const contact = this.contacts[i]!
      const from = SENSORS.objects + SENSORS.perObject * i
      contact.fixed = length3(sensor, from)
      contact.moving = length3(sensor, from + 3)
      contact.table = length3(sensor, from + 6)
      const at = OBJECTS_AT + 7 * i
      for (let k = 0; k < 3; k++) this.objects[7 * i + k] = qpos[at + k]!
      // MuJoCo has w first.
      for (let k = 0; k < 3; k++) this.objects[7 * i + 3 + k] = qpos[at + 4 + k]!
      this.objects[7 * i + 6] = qpos[at + 3]!
      this.speeds[i] = length3(qvel, OBJECTS_AT + 6 * i)
    }
  }
}

const length3 = (array: Float64Array, at: number): number => Math.hypot(array[at]!, array[at + 1]!, array[at + 2]!)
