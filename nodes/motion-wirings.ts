import type { Controller } from '../control/controller.js'
import type { Motion } from '../control/motion.js'
import type { Disposable } from '../middleware/bus.js'
import { DriverGripperWiring, type DriverGripperOptions } from './driver-gripper-wiring.js'
import { GripperActionWiring, type GripperActionOptions } from './gripper-action-wiring.js'
import { JointArmWiring, type JointArmsOptions } from './joint-arm-wiring.js'
import type { MotionWiring } from './motion-wiring.js'
import type { PolledGripper } from './polled-gripper.js'
import { ToolArmWiring, type ToolArmOptions } from './tool-arm-wiring.js'

export type MotionWiringsOptions = JointArmsOptions & ToolArmOptions & GripperActionOptions & DriverGripperOptions

/** One line for each kind of wiring, in the order in which they open. */
const WIRINGS: readonly ((options: MotionWiringsOptions) => MotionWiring)[] = [
  options => new ToolArmWiring(options),
  options => new GripperActionWiring(options),
  options => new DriverGripperWiring(options),
  options => new JointArmWiring(options),
]

/** All actuators of a robot but those of the loop, `arm` and `gripper`. What one wiring does, all do, one after another. */
export class MotionWirings implements MotionWiring {
  readonly motions: ReadonlyMap<string, Motion>
  readonly #all: readonly MotionWiring[]

  /** Throws RangeError where an actuator lacks what it needs. */
  constructor(options: MotionWiringsOptions) {
    this.#all = WIRINGS.map(make => make(options))
    this.motions = new Map(this.#all.flatMap(({ motions }) => [...motions]))
  }

  get polled(): ReadonlyMap<string, PolledGripper> {
    return new Map(this.#all.flatMap(({ polled }) => [...(polled ?? [])]))
  }

  async open(): Promise<void> {
    for (const wiring of this.#all) await wiring.open()
  }

  async close(): Promise<void> {
    for (const wiring of this.#all) await wiring.close()
  }

  subscribe(controller: Controller, to: Disposable[]): void {
    for (const wiring of this.#all) wiring.subscribe(controller, to)
  }

  restart(): void {
    for (const wiring of this.#all) wiring.restart?.()
  }

  follow(stamp: number): void {
    for (const wiring of this.#all) wiring.follow?.(stamp)
  }

  poll(): void {
    for (const wiring of this.#all) wiring.poll?.()
  }

  /** Resolves with the first fault that keeps a command from being carried out. */
  async settled(): Promise<unknown> {
    const faults = await Promise.all(this.#all.map(async wiring => wiring.settled?.()))
    return faults.find(fault => fault !== undefined)
  }
}
