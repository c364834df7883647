import { STS3215_MODEL } from '../../drivers/feetech/sts3215.js'
import { jointOfCalibration, type LeRobotCalibration } from '../../drivers/servo/servo-calibration.js'
import type { ServoModel } from '../../drivers/servo/servo-model.js'
import { SERVO_MODELS } from '../../drivers/servo/servo-models.js'
import { round12 } from '../units.js'
import { short } from '../validation.js'
import type { SectionContext } from './actuator-kind.js'
import { readCalibrationText, type Calibration } from './lerobot-calibration.js'

/** The joint whose servo moves the fingers, and its positions (rad) at an opening of 0 and of 1. */
export interface Finger {
  readonly joint: string
  readonly closed: number
  readonly open: number
}

/**
 * The servo of a joint. The position of the joint is `sign` times (angle of the servo - `offset`), in rad; the angle of
 * the servo is 0 in the middle of its register and grows with the register.
 */
export interface JointServo {
  readonly joint: string
  readonly id: number
  readonly sign: 1 | -1
  readonly offset: number
}

/** The fingers in a robot file. What is left out comes from the calibration. */
export interface FingerSection {
  readonly joint: string
  readonly closed?: number | undefined
  readonly open?: number | undefined
}

interface CalibratedSection {
  readonly calibration?: string | Calibration | undefined
  readonly joints: Readonly<Record<string, { readonly id: number }>>
}

interface MountedServos {
  readonly driver: string
  readonly servos: readonly JointServo[]
}

interface Mounted extends Pick<MountedServos, 'servos'> {
  readonly calibration: Calibration | undefined
  readonly model: ServoModel | undefined
}

/** The calibration that a section names, of every joint. The file is read where there is somebody to read it. */
export function calibrationOf(
  { calibration: given, joints: sections }: CalibratedSection,
  joints: readonly string[],
  { fail, readText }: SectionContext,
): Calibration | undefined {
  if (given === undefined) return undefined
  const refuse = (message: string): never => fail(['calibration'], message)
  let calibration: Calibration
  if (typeof given === 'string') {
    if (!readText) return refuse(`${short(given)} is not read here: write what is in it in place of its path`)
    try {
      calibration = readCalibrationText(readText(given))
    } catch (error) {
      return refuse(`cannot read ${short(given)}: ${error instanceof Error ? error.message : String(error)}`)
    }
  } else calibration = given
  const missing = joints.filter(joint => !Object.hasOwn(calibration, joint))
  if (missing.length > 0)
    refuse(`has no ${missing.join(', ')} (it has ${Object.keys(calibration).join(', ')}): it is of another arm`)
  for (const joint of joints) {
    const [here, there] = [sections[joint]!.id, calibration[joint]!.id]
    if (here !== there)
      fail(['joints', joint, 'id'], `is ${here}, and ${there} in the calibration: it is of another arm`)
  }
  return calibration
}

/** How the servo of a joint is mounted by its calibration: the joint is at 0 in the middle of its range. */
export function mountingOf(
  joint: string,
  calibration: LeRobotCalibration,
  model: ServoModel,
): Pick<JointServo, 'sign' | 'offset'> {
  const { zero = 0, sign = 1 } = jointOfCalibration(joint, calibration)
  return { sign: model.turnsItself ? 1 : sign, offset: round12(angleOf(zero, model)) }
}

/** What LeRobot's numbers of a calibrated joint mean, as positions of the joint (rad). */
export interface CalibratedRange {
  /** At the least and at the largest number of its ranges: -100 and 100, or 0 and 100. */
  readonly ends: readonly [number, number]
  /** At 0 of its degrees, and for one more of them. */
  readonly zero: number
  readonly perDegree: number
}

/**
 * LeRobot's numbers of a joint, by `_normalize` of motors/motors_bus.py (v0.4.4): a range between the calibrated ends,
 * turned round by the drive mode unless the servo does so itself; or degrees from the middle of that range, with a turn
 * of 4095 counts and without the drive mode. `bus`: the servo bus that moves the joint. Without one the joint is at 0 in
 * the middle of its range.
 */
export function calibratedRange(joint: string, calibration: LeRobotCalibration, bus?: MountedServos): CalibratedRange {
  const model = (bus && SERVO_MODELS.get(bus.driver)) ?? STS3215_MODEL
  const servo = bus?.servos.find(each => each.joint === joint) ?? mountingOf(joint, calibration, model)
  const positionAt = (counts: number): number => servo.sign * (angleOf(counts, model) - servo.offset)
  const { range_min, range_max, drive_mode } = calibration
  const ends = [positionAt(range_min), positionAt(range_max)] as const
  const middle = (range_min + range_max) / 2
  return {
    ends: drive_mode === 1 && model.turnsItself !== true ? [ends[1], ends[0]] : ends,
    zero: positionAt(middle),
    perDegree: positionAt(middle + (model.turn - 1) / 360) - positionAt(middle),
  }
}

/** The angle of a servo (rad) at counts of its register: 0 in the middle. */
const angleOf = (counts: number, { turn }: ServoModel): number => ((counts - turn / 2) * 2 * Math.PI) / turn

export function fingerOf(
  { joint, closed, open }: FingerSection,
  { calibration, servos, model }: Mounted,
  { fail }: SectionContext,
): Finger {
  const servo = servos.find(each => each.joint === joint)
  const at = (end: 'range_min' | 'range_max', key: string): number =>
    servo && calibration && model
      ? round12(servo.sign * (angleOf(calibration[joint]![end], model) - servo.offset))
      : fail(['gripper', key], 'is left out, and there is no calibration that says where the joint ends')
  const finger = { joint, closed: closed ?? at('range_min', 'closed'), open: open ?? at('range_max', 'open') }
  if (finger.closed === finger.open) fail(['gripper', 'open'], 'closed and open are the same position')
  return finger
}
