import type { Disposable } from '../../middleware/bus.js'
import { GzError } from '../../middleware/gazebo/gz-error.js'
import type { GzNode } from '../../middleware/gazebo/gz-node.js'
import { CONTACTS, MODEL, POSES } from '../../middleware/gazebo/gz-messages.js'
import type { MessageOf } from '../../middleware/gazebo/proto.js'
import { WrenchReader } from '../../middleware/gazebo/wrench-reader.js'
import { ArmServos } from '../embedded/arm-servos.js'
import { FingerDrive } from '../embedded/finger-drive.js'
import { GRIPPER, HOME } from '../embedded/mjcf.js'
import type { ObjectContacts, WorldState } from '../embedded/world-state.js'
import { SimError } from '../sim-error.js'
import { controllerOf } from './controllers.js'
import { ContactForces } from './contact-forces.js'
import { ARM_JOINTS, FINGER_JOINTS, TOPICS } from './names.js'
import { FramePairs, type RgbdFrame } from './frame-pairs.js'
import { FINGER, WorldJoints } from './world-joints.js'
import type { SceneObject } from './world-sdf.js'
import { PATIENCE, WorldServices } from './world-services.js'

/** ns of one physics step, as in the world file. */
export const STEP = 1_000_000
/** Number of steps in which arm and objects come to rest after a reset. */
const SETTLE_STEPS = 150
/**
 * Number of steps in which the arm must be home. A reset of Fortress sets back only the time, so the arm has to move.
 */
const WAY_STEPS = 5000
/** ns without a message after which a contact is over. */
const CONTACT_LASTS = 3_000_000

/** A smaller change of a finger's command (m) is not sent: it is a change of a millinewton in force. */
const FINGER_RESOLUTION = 1e-6

/**
 * Gazebo's physics for the cell, over gz-transport. The servos and the finger drive of the embedded cell compute the
 * commands before each step, and the world stands still between steps. A step is 1 ms, as in the embedded cell, so
 * commands, judge and firmware run at the same rate. A command is sent only when it changes, because a joint keeps its
 * last command. Commands and step requests use different sockets, so a command may take effect one step later.
 * Therefore the same seed gives the same scene but not always the same result, unlike in the embedded cell.
 */
export class GazeboWorld implements WorldState {
  readonly arm = new ArmServos()
  readonly fingers = new FingerDrive()
  readonly tool = new Float64Array(7)
  toolSpeed = 0
  yawRate = 0
  readonly wrench = new Float64Array(6)
  objects = new Float64Array(0)
  contacts: ObjectContacts[] = []
  gripperTable = 0
  /** ns since the world's last reset. */
  time = 0
  /** Samples of the wrist sensor and the camera, with stamps as in `time`. The array is reused. */
  onWrench: ((stamp: number, value: Float64Array) => void) | undefined
  onFrame: ((frame: RgbdFrame) => void) | undefined
  readonly #node: GzNode
  readonly #warning: () => string
  readonly #parts: Disposable[] = []
  readonly #services: WorldServices
  readonly #joints: WorldJoints
  readonly #finger = controllerOf(FINGER_JOINTS[0], GRIPPER.maxWidth / 2)
  readonly #frames: FramePairs
  readonly #forces: ContactForces
  readonly #targets = new Float64Array(ARM_JOINTS.length)
  #models: readonly string[] = []
  /** Models whose pose has been received. */
  readonly #seen = new Set<string>()
  /** Stamp of the last wrench, ns; -1: none has come. */
  #felt = -1
  #wake: (() => void) | undefined
  #shared = false

  /**
   * Finds the world and stops it. `warning` returns the transport's last warning, for error messages. Rejects with
   * SimError GAZEBO_MISSING, with the reason, or GAZEBO_FAILED.
   */
  static async open(node: GzNode, warning: () => string = () => ''): Promise<GazeboWorld> {
    const world = new GazeboWorld(node, warning)
    try {
      await world.#services.control({ pause: true })
      await world.#joints.connected()
      return world
    } catch (error) {
      await world.close()
      if (!(error instanceof GzError) || error.code !== 'GZ_NO_ANSWER') throw error
      throw new SimError(
        'GAZEBO_MISSING',
        `${error.message}. Does a world run that \`prehend world OUT.sdf\` wrote (gz sim -s OUT.sdf)?`,
      )
    }
  }

  private constructor(node: GzNode, warning: () => string) {
    this.#node = node
    this.#warning = warning
    this.#frames = new FramePairs(frame => {
      this.onFrame?.(frame)
      this.#wake?.()
    })
    this.#forces = new ContactForces(CONTACT_LASTS)
    this.#services = new WorldServices(node)
    this.#joints = new WorldJoints(node, () => this.#wake?.())
    this.#parts.push(
      this.#joints,
      node.subscribe(TOPICS.poses, POSES, message => this.#poses(message)),
      node.subscribe(TOPICS.wrench, new WrenchReader(), ({ sec, nsec, wrench }) => {
        this.#felt = sec * 1e9 + nsec
        this.wrench.set(wrench)
        this.onWrench?.(this.#felt, this.wrench)
        this.#wake?.()
      }),
      ...Object.values(TOPICS.contacts).map(topic =>
        node.subscribe(topic, CONTACTS, message => this.#forces.receive(message)),
      ),
      ...this.#frames.subscribe(node),
    )
  }

  /** Resets the world: its time starts at 0, with these objects at rest, the arm at home and open fingers. */
  async reset(scene: readonly SceneObject[], seed: number): Promise<void> {
    await this.#clear()
    this.#joints.stamp = this.#felt = -1
    await this.#services.control({ pause: true, reset: { all: true }, seed })
    this.time = 0
    this.#frames.reset()
    this.arm.reset()
    await this.#arrange(scene)
  }

  /** Replaces the objects and moves the arm home without a reset: the world's time goes on. */
  async rearrange(scene: readonly SceneObject[]): Promise<void> {
    await this.#clear()
    this.arm.home()
    await this.#arrange(scene)
  }

  /** Takes over the time of a running world, which other programs may reset and step too. */
  async join(): Promise<void> {
    this.#shared = true
    this.#joints.resend()
    this.#joints.stamp = this.#felt = -1
    this.#frames.reset()
    await this.#services.control({ pause: true, multiStep: 1 })
    await this.#until(() => this.#joints.stamp >= 0 && this.#felt >= this.#joints.stamp, 'step')
    this.time = this.#joints.stamp
    this.#read()
  }

  async #arrange(scene: readonly SceneObject[]): Promise<void> {
    this.#seen.clear()
    this.fingers.reset()
    this.#forces.begin(scene.map(({ model }) => model))
    this.objects = new Float64Array(7 * scene.length)
    this.contacts = this.#forces.contacts
    for (let n = 0; n === 0 || !this.#joints.isHome(); n++) {
      if (n > WAY_STEPS)
        throw new SimError(
          'GAZEBO_FAILED',
          `reset: the arm is not at home after ${(WAY_STEPS * STEP) / 1e9} s: does anything hold it?`,
        )
      // All commands are sent in each step, because those before the simulator has connected are lost.
      this.#joints.resend()
      await this.step()
    }
    for (const { sdf, model } of scene) await this.#services.create(sdf, model)
    this.#models = scene.map(({ model }) => model)
    await this.#make(SETTLE_STEPS)
    await this.#until(() => this.#seen.size === scene.length, `${scene.length} objects to appear in ${TOPICS.poses}`)
  }

  /** Simulates one step of 1 ms and waits for its sensor messages. */
  async step(): Promise<void> {
    this.arm.step(this.#targets)
    const { positions, velocities } = this.#joints
    for (let axis = 0; axis < FINGER; axis++) this.#joints.command(axis, this.#targets[axis]! - (HOME[axis] ?? 0), 0)
    this.#joints.command(
      FINGER,
      positions[FINGER]! + (this.fingers.drive() + this.#finger.damping * velocities[FINGER]!) / this.#finger.stiffness,
      FINGER_RESOLUTION,
    )
    await this.#make(1)
  }

  /** Takes over the time after another program has stepped the world. Throws SimError GAZEBO_RESET after a reset. */
  async #follow(): Promise<void> {
    const before = this.time
    await this.join()
    if (this.time < before)
      throw new SimError(
        'GAZEBO_RESET',
        `the world's time went back from ${before / 1e9} s to ${this.time / 1e9} s: somebody else has reset it`,
      )
  }

  /** Removes the cell's objects from the world, which stays stopped. */
  async close(): Promise<void> {
    try {
      await this.#clear()
    } finally {
      for (const part of this.#parts) part.dispose()
    }
  }

  async #clear(): Promise<void> {
    const models = this.#models
    this.#models = []
    for (const name of models) await this.#services.remove(name)
  }

  /** Simulates `steps` steps under the current commands, and reads the state after them. */
  async #make(steps: number): Promise<void> {
    const next = this.time + steps * STEP
    await this.#services.control({ pause: true, multiStep: steps })
    // Another program has stepped or reset the world.
    const strayed = (): boolean => {
      const { stamp } = this.#joints
      return this.#shared && stamp >= 0 && (stamp < this.time || stamp > next)
    }
    await this.#until(
      () => (this.#joints.stamp === next && this.#felt === next && !this.#frames.isLate(next)) || strayed(),
      `step to ${next / 1e9} s`,
    )
    if (strayed()) return this.#follow()
    this.time = next
    this.#read()
  }

  #read(): void {
    const [x = 0, y = 0, z = 0, yaw = 0, left = 0, right = 0] = this.#joints.positions
    this.tool.set([x + HOME[0], y + HOME[1], z + HOME[2], Math.cos(yaw / 2), 0 - Math.sin(yaw / 2), 0, 0])
    const [vx = 0, vy = 0, vz = 0, vyaw = 0, vleft = 0, vright = 0] = this.#joints.velocities
    this.toolSpeed = Math.hypot(vx, vy, vz)
    this.yawRate = vyaw
    this.fingers.opening = GRIPPER.maxWidth + left + right
    this.fingers.rate = vleft + vright
    this.gripperTable = this.#forces.settle(this.time)
    this.fingers.squeeze = this.contacts.reduce((most, contact) => Math.max(most, contact.left, contact.right), 0)
  }

  #poses({ pose }: MessageOf<typeof POSES>): void {
    for (const { name, position: p, orientation: q } of pose) {
      const i = this.#models.indexOf(name)
      if (i < 0 || !p || !q) continue
      this.#seen.add(name)
      this.objects.set([p.x, p.y, p.z, q.x, q.y, q.z, q.w], 7 * i)
    }
  }

  /** Resolves when `done` is true. It is checked at each message. Rejects with SimError GAZEBO_FAILED. */
  async #until(done: () => boolean, what: string): Promise<void> {
    if (done()) return
    let timer: NodeJS.Timeout | undefined
    try {
      await new Promise<void>((resolve, reject) => {
        this.#wake = () => {
          if (done()) resolve()
        }
        timer = setTimeout(() => reject(new SimError('GAZEBO_FAILED', this.#silence(what))), PATIENCE)
      })
    } finally {
      clearTimeout(timer)
      this.#wake = undefined
    }
  }

  #silence(what: string): string {
    const warning = this.#warning()
    const why = this.#node.why(TOPICS.jointState, MODEL.name)
    return (
      `waited ${PATIENCE / 1000} s for the simulator to ${what}: ` +
      `${why}${warning === '' ? '' : `; it was said before: ${warning}`}`
    )
  }
}
