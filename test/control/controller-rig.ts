import { poseOf } from '../../control/arm/tool-pose.js'
import { Controller, type ControllerOptions } from '../../control/controller.js'
import type { CommandedGripper, GripperMove } from '../../control/gripper-move.js'
import { saidIn, type Speaker } from '../../control/speech/said.js'
import type { CommandedActuator } from '../../policy/action/actuator-faults.js'
import type { ActuatorLimits } from '../../robots/limits/actuator-limits.js'
import type { Limits } from '../../robots/robot.js'

export const MS = 1_000_000

export const LIMITS: Limits = {
  workspace: { x: [-0.3, 0.3], y: [-0.3, 0.3], z: [0, 0.5] },
  speed: 0.3,
  yawRate: 2.5,
  width: [0, 0.085],
  effort: [20, 235],
  contact: 3,
  overForce: 30,
  watchdog: { wrench: 50 * MS, camera: 250 * MS, policy: 300 * MS, person: 200 * MS, gripper: 200 * MS },
}
const TARE = 20 * MS

/** The actuators `arm` and `gripper` of a loop, as a robot file has them. */
export const ARM: CommandedActuator = {
  name: 'arm',
  takes: [{ kind: 'pose', names: [], rotation: 'yaw' }],
  limits: limitsOf({ workspace: LIMITS.workspace, speed: LIMITS.speed, yawRate: LIMITS.yawRate }),
}
export const GRIPPER: CommandedActuator = {
  name: 'gripper',
  takes: [{ kind: 'gripper', names: ['width', 'opening', 'effort'] }],
  limits: limitsOf({ width: LIMITS.width, effort: LIMITS.effort }),
}

function limitsOf(given: Partial<ActuatorLimits>): ActuatorLimits {
  const none = {
    workspace: undefined,
    speed: undefined,
    yawRate: undefined,
    width: undefined,
    effort: undefined,
    acceleration: undefined,
    turnAcceleration: undefined,
  }
  return { joints: new Map(), ...none, ...given }
}

/** An actuator of joints that turn between -1 and 1 rad, at 2 rad/s. */
export const jointActuator = (name: string, joints: readonly string[], kind = 'joint_position'): CommandedActuator => ({
  name,
  takes: [{ kind: kind as 'joint_position', names: joints }],
  limits: limitsOf({
    joints: new Map(
      joints.map(joint => [
        joint,
        {
          prismatic: false,
          continuous: false,
          position: [-1, 1],
          velocity: 2,
          acceleration: undefined,
          effort: undefined,
        },
      ]),
    ),
  }),
})

/** A gripper that records its commands. */
export class GripperSpy implements CommandedGripper {
  status: { activated: boolean; width: number; object: string } | undefined = {
    activated: true,
    width: 0.05,
    object: 'moving',
  }
  readonly told: ('move' | 'drop' | 'stop' | 'forgive' | 'activate')[] = []
  readonly moves: GripperMove[] = []

  move(move: GripperMove): void {
    this.told.push('move')
    this.moves.push(move)
  }

  drop(): void {
    this.told.push('drop')
  }

  stop(): Promise<undefined> {
    this.told.push('stop')
    return Promise.resolve(undefined)
  }

  forgive(): void {
    this.told.push('forgive')
  }

  activate(): void {
    this.told.push('activate')
  }
}

/** The controller without nodes: an arm that is always at its set-point, and a clock that the test advances. */
export class ControllerRig {
  now = 1000 * MS
  active = true
  readonly gripper = new GripperSpy()
  /** The set-points that were sent: x, y, z. */
  readonly sent: { readonly at: number; readonly place: readonly number[] }[] = []
  readonly tilts: Error[] = []
  readonly tool = poseOf({ x: 0, y: 0, z: 0.3, yaw: 0 }, new Float64Array(7))
  readonly controller: Controller

  constructor(options: Partial<ControllerOptions> = {}) {
    this.controller = new Controller({
      limits: LIMITS,
      actuators: [ARM, GRIPPER],
      arm: true,
      tare: TARE,
      execution: 'receding_horizon',
      awaitCommand: false,
      frame: 'base_link',
      gripper: this.gripper,
      send: (pose, at) => {
        this.sent.push({ at, place: [...pose.slice(0, 3)] })
        this.tool.set(pose)
      },
      onTilt: error => this.tilts.push(error),
      onNotice: undefined,
      ...options,
    })
    this.controller.beginEpisode(this.now)
  }

  say(text: string, speaker: Speaker = 'somebody'): void {
    void this.controller.hear(saidIn({ text, speaker }), this.now, { active: this.active })
  }

  stop(by: 'caller' | 'goal'): void {
    void this.controller.stop(by, this.now)
  }

  /** A goal, in the way of the action `~/grasp`. */
  goal(): void {
    const { controller } = this
    if (!this.active || controller.stoppedBySomebody) return
    if (controller.hold === 'stop') controller.resume(this.now)
  }

  episode(): void {
    if (this.active) this.controller.beginEpisode(this.now)
  }

  deactivate(): void {
    if (!this.active) return
    this.active = false
    void this.controller.halt(this.now)
    this.controller.arm?.release()
  }

  activate(): void {
    if (this.active) return
    this.active = true
    this.controller.beginEpisode(this.now)
  }

  /** An action chunk that leads to `x` (m) from the present pose. */
  chunk(x = 0.2, age = 0): void {
    if (!this.active) return
    const row = [x - this.tool[0]!, 0, 0, 0, 0.01, 40]
    const data = Float32Array.from({ length: 60 }, (_, i) => row[i % 6]! * (i % 6 < 4 ? Math.min(1, (i + 6) / 24) : 1))
    this.controller.take({ stamp: this.now - age, rate: 30, data, origin: this.tool.slice() }, this.now)
  }

  pose(frameId = 'base'): void {
    if (this.active) this.controller.hearTool({ pose: this.tool, frameId }, this.now, this.now)
  }

  wrench(force = 0): void {
    if (!this.active) return
    if (this.controller.hearWrench(Float64Array.of(0, 0, force, 0, 0, 0), this.now, this.now))
      this.controller.arm?.freeze(this.now)
  }

  /** 10 ms pass in which all sources send that are not silent. */
  step(silent: ReadonlySet<string> = new Set()): void {
    for (let i = 0; i < 5; i++) {
      this.now += 2 * MS
      if (!silent.has('wrench')) this.wrench()
      if (!silent.has('tool')) this.pose()
    }
    if (!this.active) return
    if (!silent.has('camera')) this.controller.watchdog.heard('camera', this.now)
    if (!silent.has('gripper')) this.controller.watchdog.heard('gripper', this.now)
    this.controller.step(this.now)
    if (!silent.has('policy')) this.chunk()
  }

  beats(count: number, silent: ReadonlySet<string> = new Set()): void {
    for (let i = 0; i < count; i++) this.step(silent)
  }
}
