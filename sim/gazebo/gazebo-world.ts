import { setTimeout as pause } from 'node:timers/promises'
import type { Disposable } from '../../middleware/bus.js'
import { GzError } from '../../middleware/gazebo/gz-error.js'
import type { GzNode } from '../../middleware/gazebo/gz-node.js'
import {
  BOOLEAN,
  CONTACTS,
  DOUBLE,
  ENTITY,
  ENTITY_FACTORY,
  MODEL,
  MODEL_ENTITY,
  POSES,
  stampOf,
  WORLD_CONTROL,
} from '../../middleware/gazebo/gz-messages.js'
import type { MessageOf } from '../../middleware/gazebo/proto.js'
import type { GzPublisher } from '../../middleware/gazebo/topics.js'
import { WrenchReader } from '../../middleware/gazebo/wrench-reader.js'
import { ArmServos } from '../embedded/arm-servos.js'
import { FingerDrive } from '../embedded/finger-drive.js'
import { GRIPPER, HOME } from '../embedded/mjcf.js'
import type { ObjectContacts, WorldState } from '../embedded/world-state.js'
import { SimError } from '../sim-error.js'
import { controllerOf } from './controllers.js'
import { ContactForces } from './contact-forces.js'
import { ARM_JOINTS, commandTopic, FINGER_JOINTS, SERVICES, TOPICS } from './names.js'
import { FramePairs, type Frame } from './frame-pairs.js'
import type { SceneObject } from './world-sdf.js'

/** ms that the simulator may take to answer. */
const PATIENCE = 10_000
/** ns of one step of its physics, as the world's file has it. */
export const STEP = 1_000_000
/** Steps in which arm and objects come to rest after a reset. */
const SETTLE_STEPS = 150
/**
 * Steps that the way home may take where a reset turns back the time alone, as Fortress's does; and what counts as
 * being there, m, rad, and per s.
 */
const WAY_STEPS = 5000
const AT_HOME = 0.003
/** ns after which a contact that nothing was heard of any more is over. */
const CONTACT_LASTS = 3_000_000

/** m of a finger's command, which are a millinewton of its force: what changes it by less is not sent. */
const FINGER_GRAIN = 1e-6

const AXES = [...ARM_JOINTS, ...FINGER_JOINTS] as const
/** Of the commands: the arm's axes, and the finger that the other one follows. */
const FINGER = ARM_JOINTS.length

/**
 * Gazebo's physics as the cell sees it, over gz-transport: the same servos and finger drive as in the embedded cell
 * give their commands before each step,
 * and the world stands still until it is stepped. A step is 1 ms, as the embedded cell's: commands, judge and firmware
 * have that grain. A joint is told
 * what is new to it; it keeps its last command. A command and the request for a step go by different sockets, so a
 * command may count one step later:
 * unlike the embedded cell, one seed gives one scene and not one result.
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
  /** What the wrist sensor and the camera say, as it comes; stamps as `time`. The array is refilled. */
  onWrench: ((stamp: number, value: Float64Array) => void) | undefined
  onFrame: ((frame: Frame) => void) | undefined
  readonly #node: GzNode
  readonly #warning: () => string
  readonly #parts: Disposable[] = []
  readonly #commands: readonly GzPublisher<typeof DOUBLE.fields>[]
  readonly #finger = controllerOf(FINGER_JOINTS[0], GRIPPER.maxWidth / 2)
  readonly #frames: FramePairs
  readonly #forces: ContactForces
  /** Of AXES, from home with open fingers. */
  readonly #positions = new Float64Array(AXES.length)
  readonly #velocities = new Float64Array(AXES.length)
  readonly #targets = new Float64Array(ARM_JOINTS.length)
  /** What each joint was told last; NaN: nothing since the reset began. */
  readonly #told = new Float64Array(ARM_JOINTS.length + 1)
  #models: readonly string[] = []
  /** Those of `#models` whose pose has come. */
  readonly #seen = new Set<string>()
  /** ns of the last joint state and the last wrench. */
  #moved = -1
  #felt = -1
  #wake: (() => void) | undefined
  #shared = false

  /**
   * Finds the world and stops it. `warning`: what the transport said last, for the reason of a silence. Throws SimError
   * GAZEBO_MISSING with the reason, GAZEBO_FAILED.
   */
  static async open(node: GzNode, warning: () => string = () => ''): Promise<GazeboWorld> {
    const world = new GazeboWorld(node, warning)
    try {
      await world.#control({ pause: true })
      await world.#listenedTo()
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
    this.#commands = [...ARM_JOINTS, FINGER_JOINTS[0]].map(joint => node.advertise(commandTopic(joint), DOUBLE))
    this.#parts.push(
      ...this.#commands,
      node.subscribe(TOPICS.jointState, MODEL, message => this.#joints(message)),
      node.subscribe(TOPICS.poses, POSES, message => this.#poses(message)),
      node.subscribe(TOPICS.wrench, new WrenchReader(), ({ sec, nsec, wrench }) => {
        this.#felt = sec * 1e9 + nsec
        this.wrench.set(wrench)
        this.onWrench?.(this.#felt, this.wrench)
        this.#wake?.()
      }),
      ...Object.values(TOPICS.contacts).map(topic =>
        node.subscribe(topic, CONTACTS, message => this.#forces.hear(message)),
      ),
      ...this.#frames.subscribe(node),
    )
  }

  /** A world with these objects, arm at home, fingers open, all at rest, whose time begins at 0. */
  async reset(scene: readonly SceneObject[], seed: number): Promise<void> {
    await this.#clear()
    this.#moved = this.#felt = -1
    await this.#control({ pause: true, reset: { all: true }, seed })
    this.time = 0
    this.#frames.reset()
    this.arm.reset()
    await this.#arrange(scene)
  }

  /** The same in the world's own time, which goes on: the arm moves home, and the objects are others. */
  async rearrange(scene: readonly SceneObject[]): Promise<void> {
    await this.#clear()
    this.arm.home()
    await this.#arrange(scene)
  }

  /** Takes its time from the world, which lives already, and which others may reset and step as well. */
  async join(): Promise<void> {
    this.#shared = true
    this.#told.fill(NaN)
    this.#moved = this.#felt = -1
    this.#frames.reset()
    await this.#control({ pause: true, multiStep: 1 })
    await this.#until(() => this.#moved >= 0 && this.#felt >= this.#moved, 'step')
    this.time = this.#moved
    this.#read()
  }

  async #arrange(scene: readonly SceneObject[]): Promise<void> {
    this.#seen.clear()
    this.fingers.reset()
    this.#forces.begin(scene.map(({ model }) => model))
    this.objects = new Float64Array(7 * scene.length)
    this.contacts = this.#forces.contacts
    for (let n = 0; n === 0 || !this.#isHome(); n++) {
      if (n > WAY_STEPS)
        throw new SimError(
          'GAZEBO_FAILED',
          `reset: the arm is not at home after ${(WAY_STEPS * STEP) / 1e9} s: does anything hold it?`,
        )
      // Said again each time: what is sent before the simulator has connected is lost.
      this.#told.fill(NaN)
      await this.step()
    }
    for (const { sdf, model } of scene) await this.#create(sdf, model)
    this.#models = scene.map(({ model }) => model)
    await this.#make(SETTLE_STEPS)
    await this.#until(() => this.#seen.size === scene.length, `${scene.length} objects to appear in ${TOPICS.poses}`)
  }

  /** One step of 1 ms, and all that the sensors say of it. */
  async step(): Promise<void> {
    this.arm.step(this.#targets)
    for (let axis = 0; axis < FINGER; axis++) this.#tell(axis, this.#targets[axis]! - (HOME[axis] ?? 0), 0)
    this.#tell(
      FINGER,
      this.#positions[FINGER]! +
        (this.fingers.drive() + this.#finger.damping * this.#velocities[FINGER]!) / this.#finger.stiffness,
      FINGER_GRAIN,
    )
    await this.#make(1)
  }

  /** Takes the time to which somebody else has stepped the world. Throws where it has been reset. */
  async #follow(): Promise<void> {
    const before = this.time
    await this.join()
    if (this.time < before)
      throw new SimError(
        'GAZEBO_RESET',
        `the world's time went back from ${before / 1e9} s to ${this.time / 1e9} s: somebody else has reset it`,
      )
  }

  /** Takes its objects out of the world, which stays as it is otherwise, stopped. */
  async close(): Promise<void> {
    try {
      await this.#clear()
    } finally {
      for (const part of this.#parts) part.dispose()
    }
  }

  /**
   * Takes the objects out. One that the simulator will not remove is gone already, by a reset; were it not, the next
   * one of its name would be refused.
   */
  async #clear(): Promise<void> {
    const models = this.#models
    this.#models = []
    for (const name of models)
      await this.#node.request(SERVICES.remove, ENTITY, { name, type: MODEL_ENTITY }, BOOLEAN, { timeout: PATIENCE })
  }

  #tell(joint: number, command: number, grain: number): void {
    if (Math.abs(command - this.#told[joint]!) <= grain) return
    this.#told[joint] = command
    this.#commands[joint]?.publish({ data: command })
  }

  /** So many steps under the commands that the joints have, and the state after them. */
  async #make(steps: number): Promise<void> {
    const next = this.time + steps * STEP
    await this.#control({ pause: true, multiStep: steps })
    // The world's time is another one than it was stepped to.
    const strayed = (): boolean => this.#shared && this.#moved >= 0 && (this.#moved < this.time || this.#moved > next)
    await this.#until(
      () => (this.#moved === next && this.#felt === next && !this.#frames.owes(next)) || strayed(),
      `step to ${next / 1e9} s`,
    )
    if (strayed()) return this.#follow()
    this.time = next
    this.#read()
  }

  #read(): void {
    const [x = 0, y = 0, z = 0, yaw = 0, left = 0, right = 0] = this.#positions
    this.tool.set([x + HOME[0], y + HOME[1], z + HOME[2], Math.cos(yaw / 2), 0 - Math.sin(yaw / 2), 0, 0])
    const [vx = 0, vy = 0, vz = 0, vyaw = 0, vleft = 0, vright = 0] = this.#velocities
    this.toolSpeed = Math.hypot(vx, vy, vz)
    this.yawRate = vyaw
    this.fingers.opening = GRIPPER.maxWidth + left + right
    this.fingers.rate = vleft + vright
    this.gripperTable = this.#forces.settle(this.time)
    this.fingers.squeeze = this.contacts.reduce((most, contact) => Math.max(most, contact.left, contact.right), 0)
  }

  #isHome(): boolean {
    return (
      this.#positions.every(position => Math.abs(position) < AT_HOME) &&
      this.#velocities.every(velocity => Math.abs(velocity) < AT_HOME)
    )
  }

  #joints({ header, joint }: MessageOf<typeof MODEL>): void {
    for (const { name, axis1 } of joint) {
      const axis = AXES.indexOf(name as (typeof AXES)[number])
      if (axis < 0 || axis1 === undefined) continue
      this.#positions[axis] = axis1.position
      this.#velocities[axis] = axis1.velocity
    }
    this.#moved = stampOf(header)
    this.#wake?.()
  }

  #poses({ pose }: MessageOf<typeof POSES>): void {
    for (const { name, position: p, orientation: q } of pose) {
      const i = this.#models.indexOf(name)
      if (i < 0 || !p || !q) continue
      this.#seen.add(name)
      this.objects.set([p.x, p.y, p.z, q.x, q.y, q.z, q.w], 7 * i)
    }
  }

  async #control(message: Parameters<typeof WORLD_CONTROL.encode>[0]): Promise<void> {
    const { data } = await this.#node.request(SERVICES.control, WORLD_CONTROL, message, BOOLEAN, { timeout: PATIENCE })
    if (!data)
      throw new SimError('GAZEBO_FAILED', `${SERVICES.control}: the simulator refused ${JSON.stringify(message)}`)
  }

  async #create(sdf: string, name: string): Promise<void> {
    const { data } = await this.#node.request(SERVICES.create, ENTITY_FACTORY, { sdf, name }, BOOLEAN, {
      timeout: PATIENCE,
    })
    if (!data) throw new SimError('GAZEBO_FAILED', `${SERVICES.create}: the simulator refused ${name}`)
  }

  /** The simulator has said that it listens to every joint's commands. */
  async #listenedTo(): Promise<void> {
    const end = performance.now() + PATIENCE
    while (this.#commands.some(({ subscribers }) => subscribers === 0)) {
      const deaf = ARM_JOINTS.find((_, i) => this.#commands[i]?.subscribers === 0) ?? FINGER_JOINTS[0]
      if (performance.now() > end)
        throw new SimError(
          'GAZEBO_FAILED',
          `${commandTopic(deaf)}: nobody listens; the robot of \`prehend gazebo world\` is not in the world`,
        )
      await pause(20)
    }
  }

  /** Resolves once `done`; asked again at each message. */
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
