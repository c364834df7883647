import type { ArmKinematics } from '../arm/arm-kinematics.js'
import { solveInverse } from '../arm/inverse-kinematics.js'
import { ARM_JOINTS, HAND_TURN } from './arm.js'
import { angleFor } from './jaw.js'
import { BIN, binAt, binOf, BINS, CENTRE } from './layout.js'
import type { BinName } from './layout.js'
import { HOME } from './so101-world.js'
import type { So101TrueObject, So101Truth } from './truth.js'

/** The expert's action: rates of the set-points of the joints (rad/s), the gripper's with them. */
export type ExpertRates = Float64Array

const DOWN = Math.PI / 2

const EXPERT = {
  /** Rate of each joint's set-point for an error of 1 rad, 1/s, and the fastest rate, rad/s. */
  gain: 6,
  speed: 1.8,
  gripperSpeed: 2,
  /** m between the fixed jaw and the object before it closes, and between the open moving jaw and the object. */
  beside: 0.006,
  open: 0.022,
  /** Height of the TCP above the table at which an object is carried, m, and the pitch of the hand over the bin. */
  carry: 0.105,
  binPitch: 1.0,
  /** Height of the TCP over the bin at which the jaws open, m. */
  drop: 0.08,
  /** m above the grasp from which the hand goes straight down. */
  hover: 0.055,
  /** Errors at which the jaws close: m in the plane, m in height, rad. `closing`: while they close. */
  reach: 0.003,
  depth: 0.004,
  turn: 0.08,
  closing: 0.011,
  /** rad by which the gripper's goal lies beyond the angle at which it touches the object. */
  squeeze: 0.14,
  /** Lowest TCP, m: the tips are 12 mm below. */
  lowest: 0.0165,
} as const

/** Weights of pitch and roll beside the position, m. Where the limits allow no steep hand, it leans. */
const PITCH_WEIGHT = 0.01
const ROLL_WEIGHT = 0.05

interface Place {
  readonly x: number
  readonly y: number
  readonly z: number
  readonly pitch: number
  /** Angle of wrist_roll, rad, or the direction in which the jaws close, rad about the base's z. */
  readonly roll?: number
  readonly heading?: number
}

/** A grasp as the hand is to take it: place of the TCP and direction from the fixed jaw to the moving one. */
interface Goal {
  readonly x: number
  readonly y: number
  readonly z: number
  readonly heading: number
  readonly width: number
}

/**
 * The scripted expert: rates of the joints' set-points for every true state. It has no memory of its own, so it has an
 * answer also for states that another policy led to. Its steps: hover above the object, align, go down, close, lift,
 * carry, open over the bin, go home. The set-points integrate the error of the true joint angles, so they make up for
 * the sag of the servos under the arm's weight.
 */
export class So101Expert {
  readonly #arm: ArmKinematics

  /** `arm`: the kinematics of the five joints that place the hand, with the site `tcp`. */
  constructor(arm: ArmKinematics) {
    this.#arm = arm
  }

  /** The rates for a true state, f64[6]. */
  rates(truth: So101Truth): ExpertRates {
    const { joints } = truth
    const target = truth.objects.find(({ name }) => name === truth.target)
    if (target === undefined) return new Float64Array(joints.length)
    const held = truth.objects.find(({ gripped }) => gripped)
    if (held !== undefined && held !== target) return this.#putDown(truth, held)
    if (held === target) return this.#carry(truth, target)
    const [x = 0, y = 0, z = 0] = target.pose
    const lies = binOf(x, y)
    if (lies !== undefined && (lies === truth.bin || truth.bin === undefined)) return this.#leave(truth, z)
    return this.#fetch(truth, target)
  }

  /** Goes to the grasp and closes. */
  #fetch(truth: So101Truth, target: So101TrueObject): ExpertRates {
    const { joints } = truth
    const [x, y, z] = this.#tool(joints)
    const goal = this.#goalOf(truth, target)
    const touch = angleFor(goal.width)
    const gripper = joints[5]!
    const error = Math.hypot(goal.x - x, goal.y - y)
    const turn = Math.abs(wrap(goal.heading - this.#heading(joints)))
    const height = z - goal.z
    const isClosing = gripper < angleFor(goal.width + EXPERT.beside + 0.6 * EXPERT.open)
    const slack = isClosing ? EXPERT.closing / EXPERT.reach : 1
    const near = error < slack * EXPERT.reach && turn < slack * EXPERT.turn && Math.abs(height) < slack * EXPERT.depth
    if (near && gripper > touch - 0.08) return this.#still(joints, touch - EXPERT.squeeze)
    const opening = angleFor(goal.width + EXPERT.beside + EXPERT.open)
    // The funnel: the further off, the higher. Low jaws that are half closed stay where they are until they are open.
    const off = Math.hypot(error, 0.05 * turn)
    const funnel = goal.z + Math.min(EXPERT.hover, 8 * Math.max(0, off - 0.7 * EXPERT.reach))
    const isOpen = gripper > angleFor(goal.width + EXPERT.beside + 0.5 * EXPERT.open)
    const floor = isOpen ? funnel : Math.max(funnel, Math.min(z, goal.z + EXPERT.hover))
    const low = z < funnel - 0.012
    const place: Place = {
      // Sideways only when high enough, and straight down in short ways.
      x: low ? x : goal.x,
      y: low ? y : goal.y,
      z: Math.max(floor, z - 0.025),
      pitch: DOWN,
      ...(low ? { roll: joints[4]! } : { heading: goal.heading }),
    }
    return this.#towards(joints, place, opening)
  }

  /** Lifts the object in the hand, carries it over its bin and lets go. */
  #carry(truth: So101Truth, target: So101TrueObject): ExpertRates {
    const { joints } = truth
    const [x, y, z] = this.#tool(joints)
    const bin = truth.bin ?? this.#nearest(joints)
    const [bx, by] = binAt(bin)
    const [px = 0, py = 0] = target.pose
    const grip = angleFor(this.#widthOf(target)) - EXPERT.squeeze
    const away = Math.hypot(px - bx, py - by)
    if (away < 0.6 * BIN.half && z < EXPERT.drop + 0.015) return this.#still(joints, angleFor(0.06))
    const isHigh = z > EXPERT.carry - 0.02 || away < BIN.half
    const reach = Math.hypot(x - CENTRE[0], y - CENTRE[1])
    if (!isHigh) {
      // Up, and towards the arm where it cannot reach as high.
      const share = Math.min(1, 0.19 / reach)
      return this.#towards(
        joints,
        {
          x: CENTRE[0] + share * (x - CENTRE[0]),
          y: CENTRE[1] + share * (y - CENTRE[1]),
          z: Math.min(z + 0.03, EXPERT.carry),
          pitch: 1.2,
          roll: joints[4]!,
        },
        grip,
      )
    }
    // The object hangs beside the TCP.
    const over = { x: bx + (x - px), y: by + (y - py) }
    return this.#towards(
      joints,
      { ...over, z: away < 0.6 * BIN.half ? EXPERT.drop : EXPERT.carry, pitch: EXPERT.binPitch, roll: joints[4]! },
      grip,
    )
  }

  /** Lets go of an object that is not wanted: down to the table, then open. */
  #putDown(truth: So101Truth, held: So101TrueObject): ExpertRates {
    const { joints } = truth
    const [x, y, z] = this.#tool(joints)
    if (held.lift < 0.006) return this.#still(joints, angleFor(0.06))
    const grip = angleFor(this.#widthOf(held)) - EXPERT.squeeze
    return this.#towards(joints, { x, y, z: z - Math.min(held.lift, 0.02), pitch: DOWN, roll: joints[4]! }, grip)
  }

  /** Leaves the bin with open jaws, upwards first. `height`: of the object, m. */
  #leave({ joints }: So101Truth, height: number): ExpertRates {
    const [x, y, z] = this.#tool(joints)
    const opening = angleFor(0.06)
    if (joints[5]! < opening - 0.15 || height > EXPERT.carry) return this.#still(joints, opening)
    if (z < EXPERT.carry - 0.02 && binOf(x, y) !== undefined)
      return this.#towards(joints, { x, y, z: z + 0.03, pitch: EXPERT.binPitch, roll: joints[4]! }, opening)
    return this.#follow(joints, HOME.slice(0, ARM_JOINTS), opening)
  }

  /** The grasp that the hand reaches best: in reach, free of neighbours, with little turn. */
  #goalOf(truth: So101Truth, target: So101TrueObject): Goal {
    const { joints, objects } = truth
    const [px = 0, py = 0, , qx = 0, qy = 0, qz = 0, qw = 1] = target.pose
    const yaw = Math.atan2(2 * (qx * qy + qw * qz), 1 - 2 * (qy * qy + qz * qz))
    const [cos, sin] = [Math.cos(yaw), Math.sin(yaw)]
    const now = this.#heading(joints)
    let best: Goal | undefined
    let least = Infinity
    for (const grasp of target.grasps) {
      const cx = px + grasp.x * cos - grasp.y * sin
      const cy = py + grasp.x * sin + grasp.y * cos
      for (const flip of [0, Math.PI]) {
        const heading = wrap(yaw + grasp.yaw - Math.PI / 2 + flip)
        const pan = -Math.atan2(cy - CENTRE[1], cx - CENTRE[0])
        const roll = wrap(heading + HAND_TURN + pan)
        if (roll < this.#arm.low[4]! + 0.05 || roll > this.#arm.high[4]! - 0.05) continue
        const [dx, dy] = [Math.cos(heading), Math.sin(heading)]
        const room = (along: number): number =>
          Math.min(
            0.03,
            ...objects
              .filter(other => other !== target)
              .map(other => {
                const [ox = 0, oy = 0] = other.pose
                return Math.hypot(cx + along * dx - ox, cy + along * dy - oy) - other.radius - 0.008
              }),
          )
        const fixed = room(-(grasp.width / 2 + EXPERT.beside + 0.005))
        const moving = room(grasp.width / 2 + EXPERT.open + 0.005)
        const cost =
          0.1 * Math.abs(wrap(heading - now)) +
          0.03 * Math.abs(roll) -
          30 * (Math.min(fixed, 0.01) + Math.min(moving, 0.01))
        if (cost >= least) continue
        least = cost
        const back = grasp.width / 2 + EXPERT.beside
        best = {
          x: cx - back * dx,
          y: cy - back * dy,
          z: Math.max(EXPERT.lowest, grasp.z + Math.max(0, target.lift)),
          heading,
          width: grasp.width,
        }
      }
    }
    return best ?? { x: px, y: py, z: 0.1, heading: now, width: 0.03 }
  }

  #widthOf(target: So101TrueObject): number {
    return Math.min(...target.grasps.map(({ width }) => width))
  }

  /** The bin with the least way to go. */
  #nearest(joints: ArrayLike<number>): BinName {
    return joints[0]! > 0 ? BINS[1] : BINS[0]
  }

  /** Position of the TCP, m. */
  #tool(joints: ArrayLike<number>): [number, number, number] {
    this.#arm.set(joints)
    const [x = 0, y = 0, z = 0] = this.#arm.position
    return [x, y, z]
  }

  /** Direction from the fixed to the moving jaw with the hand pointing down, rad about the base's z. */
  #heading(joints: ArrayLike<number>): number {
    return wrap(joints[4]! - joints[0]! - HAND_TURN)
  }

  #still(joints: Float64Array, gripper: number): ExpertRates {
    return this.#follow(joints, joints, gripper)
  }

  #towards(joints: Float64Array, { x, y, z, pitch, roll, heading }: Place, gripper: number): ExpertRates {
    const turn =
      roll === undefined
        ? { of: [-1, 0, 0, 0, 1], value: this.#nearTurn(joints, (heading ?? 0) + HAND_TURN), weight: ROLL_WEIGHT }
        : { of: [0, 0, 0, 0, 1], value: roll, weight: ROLL_WEIGHT }
    const { joints: goal } = solveInverse(this.#arm, joints, {
      position: [x, y, z],
      sums: [{ of: [0, 1, 1, 1, 0], value: pitch, weight: PITCH_WEIGHT }, turn],
    })
    return this.#follow(joints, goal, gripper)
  }

  /** Of the equal values of roll - pan, the one within the roll's range. */
  #nearTurn(joints: ArrayLike<number>, value: number): number {
    const pan = joints[0]!
    const roll = wrap(value + pan)
    return roll - pan
  }

  /** All joints arrive together; the gripper has a speed of its own. */
  #follow(joints: Float64Array, goal: ArrayLike<number>, gripper: number): ExpertRates {
    const rates = new Float64Array(joints.length)
    let fastest = 0
    for (let i = 0; i < ARM_JOINTS; i++) {
      rates[i] = EXPERT.gain * (goal[i]! - joints[i]!)
      fastest = Math.max(fastest, Math.abs(rates[i]!))
    }
    const share = EXPERT.speed / Math.max(fastest, EXPERT.speed)
    for (let i = 0; i < ARM_JOINTS; i++) rates[i]! *= share
    rates[5] = Math.min(Math.max(10 * (gripper - joints[5]!), -EXPERT.gripperSpeed), EXPERT.gripperSpeed)
    return rates
  }
}

/** The angle in [-pi, pi). */
const wrap = (angle: number): number => angle - 2 * Math.PI * Math.floor((angle + Math.PI) / (2 * Math.PI))
