import type { Calibration } from '../../robots/actuators/lerobot-calibration.js'
import { calibratedRange, type CalibratedRange } from '../../robots/actuators/servo-mounting.js'
import type { Actuator } from '../../robots/robot.js'
import type { Affine } from '../contract/affine.js'
import type { Range } from '../contract/limits.js'

/**
 * In which unit a set has its joints. LeRobot keeps it nowhere. `lerobot`: -100 to 100 over the calibrated range
 * (use_degrees: false); `percent`: 0 to 100 over it. Grippers count from 0 to 100 in all of these but `rad`.
 */
export const JOINT_UNITS = ['rad', 'deg', 'lerobot', 'percent'] as const
export type JointUnit = (typeof JOINT_UNITS)[number]

const DEGREE = Math.PI / 180
const PERCENT = 0.01

/** How the number of a joint becomes one in SI units, and the SI values between which LeRobot keeps it. */
export interface JointNumbers extends Affine {
  readonly scale: number
  readonly bias: number
  readonly range?: Range
}

/** A joint of a set, and who moves it. */
export interface UnitOptions {
  readonly joint: string
  readonly unit: JointUnit
  /** Undefined: none of the robot file. */
  readonly actuator: Actuator | undefined
  /** The calibration that goes before the one of the robot file. */
  readonly calibration: Calibration | undefined
}

/** How the number of a joint in a set becomes one in SI units. A text: why that is not known. */
export function jointToSi({ joint, unit, actuator, calibration: given }: UnitOptions): JointNumbers | string {
  if (unit === 'rad') return { scale: 1, bias: 0 }
  const bus = actuator?.kind === 'servo_bus' && 'servos' in actuator ? actuator : undefined
  const calibration = given ?? bus?.calibration
  const isHand = isGripper(joint)
  if (calibration === undefined) {
    if (!isHand) return unit === 'deg' ? { scale: DEGREE, bias: 0 } : `the range is not known: ${CALIBRATE}`
    if (bus?.finger?.joint === joint) return between([0, 100], [bus.finger.closed, bus.finger.open])
    return `it counts from 0 to 100, and the robot file does not say at which positions it is closed and open: ${CALIBRATE}`
  }
  if (!Object.hasOwn(calibration, joint))
    return `the calibration has no ${joint} (it has ${Object.keys(calibration).join(', ')})`
  return numbersOf(isHand ? 'percent' : unit, calibratedRange(joint, calibration[joint]!, bus))
}

const CALIBRATE = "say --calibration FILE (LeRobot's calibration of the arm), or calibration in the robot file"

function numbersOf(unit: Exclude<JointUnit, 'rad'>, { ends, zero, perDegree }: CalibratedRange): JointNumbers {
  if (unit === 'deg') return { scale: perDegree, bias: zero }
  return between(unit === 'lerobot' ? [-100, 100] : [0, 100], ends)
}

/** The numbers from `least` to `most` are the positions from `first` to `last`. */
function between([least, most]: readonly [number, number], [first, last]: readonly [number, number]): JointNumbers {
  const scale = (last - first) / (most - least)
  return { scale, bias: first - scale * least, range: first < last ? [first, last] : [last, first] }
}

/** An opening from 0 to 1. */
export const openingToSi = (unit: JointUnit): JointNumbers =>
  unit === 'rad' ? { scale: 1, bias: 0 } : { scale: PERCENT, bias: 0, range: [0, 1] }

export const isGripper = (name: string): boolean => /(^|_)gripper$/.test(name)

/** `shoulder_pan` of LeRobot's `shoulder_pan.pos` and of `joints.position.shoulder_pan` of a set of prehend. */
export const jointOf = (name: string): string => name.replace(/\.pos$/, '').replace(/^(?:[^.]+\.)?position\./, '')
