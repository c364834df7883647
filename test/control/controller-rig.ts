import { poseOf } from '../../control/arm/tool-pose.js'
import { Controller, type ControllerOptions } from '../../control/controller.js'
import type { CommandedGripper, GripperMove } from '../../control/gripper-move.js'
import { saidIn } from '../../control/speech/said.js'
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
  watchdog: { wrench: 50 * MS, camera: 250 * MS, policy: 300 * MS, gripper: 200 * MS },
}
const TARE = 20 * MS

/** A gripper that remembers what it was told. */
export class ToldGripper implements CommandedGripper {
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

/**
 * The controller with nothing around it but values: an arm that is where it is told to be, and time that is counted.
 */
export class ControllerRig {
  now = 1000 * MS
  active = true
  readonly gripper = new ToldGripper()
  /** What was sent, x, y, z. */
  readonly sent: { readonly at: number; readonly place: readonly number[] }[] = []
  readonly tilts: Error[] = []
  readonly tool = poseOf({ x: 0, y: 0, z: 0.3, yaw: 0 }, new Float64Array(7))
  readonly controller: Controller

  constructor(options: Partial<ControllerOptions> = {}) {
    this.controller = new Controller({
      limits: LIMITS,
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

  say(text: string, frameId = ''): void {
    void this.controller.hear(saidIn({ text, frameId }), this.now, { active: this.active })
  }

  stop(by: 'caller' | 'goal'): void {
    void this.controller.stop(by, this.now)
  }

  /** As the action `~/grasp` does it. */
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

  /** A plan that goes to `x` (m), from where the tool is. */
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

  /** 10 ms pass, in which everything speaks that is not silent. */
  beat(silent: ReadonlySet<string> = new Set()): void {
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
    for (let i = 0; i < count; i++) this.beat(silent)
  }
}
