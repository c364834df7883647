import { ArmServos } from './arm-servos.js'
import type { Episode } from './episode.js'
import { FingerDrive } from './finger-drive.js'
import { cellXml, GRIPPER, HOME } from './mjcf.js'
import { compile, View } from './mujoco.js'
import type { MainModule, MjData, MjModel } from './mujoco.js'
import type { ObjectContacts, WorldState } from './world-state.js'

interface Views {
  readonly qpos: View
  readonly qvel: View
  readonly ctrl: View
  readonly sensor: View
}

/** Number of physics steps in which the objects come to rest after they were placed. */
const SETTLE_STEPS = 150

/**
 * The physics of one episode after another: arm, gripper, table and objects. One step is 1 ms. It uses no time stamps
 * and no threads.
 */
export class World implements WorldState {
  readonly arm = new ArmServos()
  readonly fingers = new FingerDrive()
  readonly tool = new Float64Array(7)
  toolSpeed = 0
  yawRate = 0
  readonly wrench = new Float64Array(6)
  objects = new Float64Array(0)
  contacts: ObjectContacts[] = []
  gripperTable = 0
  readonly #mj: MainModule
  #xml = ''
  #model: MjModel | undefined
  #data: MjData | undefined
  #views: Views | undefined

  constructor(mj: MainModule) {
    this.#mj = mj
  }

  /** The model as MJCF text. */
  get xml(): string {
    return this.#xml
  }

  /** The joint positions. Model and joint positions are all that a renderer needs. */
  get qpos(): Float64Array {
    return this.#live().views.qpos.array
  }

  /** Sets up an episode: arm at home, fingers open, objects at rest. */
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
      sensor: new View(() => data.sensordata),
    }
    this.objects = new Float64Array(7 * episode.placed.length)
    this.contacts = episode.placed.map(() => ({ left: 0, right: 0, palm: 0, table: 0 }))
    this.fingers.reset()
    const { qpos } = this.#views
    HOME.forEach((value, axis) => (qpos.array[axis] = value))
    qpos.array[4] = qpos.array[5] = GRIPPER.maxWidth / 2
    this.arm.reset()
    this.#mj.mj_forward(model, data)
    for (let i = 0; i < SETTLE_STEPS; i++) this.step()
  }

  /** Simulates one step. */
  step(): void {
    const { model, data, views } = this.#live()
    const ctrl = views.ctrl.array
    this.arm.step(ctrl)
    ctrl[4] = ctrl[5] = this.fingers.drive()
    this.#mj.mj_step(model, data)
    this.#read()
  }

  /** Frees MuJoCo's memory. */
  close(): void {
    this.#data?.delete()
    this.#model?.delete()
    this.#data = this.#model = this.#views = undefined
  }

  #live(): { model: MjModel; data: MjData; views: Views } {
    if (this.#model === undefined || this.#data === undefined || this.#views === undefined)
      throw new Error('World: reset() comes before the first step')
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

const length3 = (array: Float64Array, at: number): number =>
  Math.hypot(array[at] ?? 0, array[at + 1] ?? 0, array[at + 2] ?? 0)
