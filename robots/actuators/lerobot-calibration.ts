import { z } from 'zod'
import type { LeRobotCalibration } from '../../drivers/servo/servo-calibration.js'
import { issueText, mapping, validate } from '../validation.js'

/** The calibration of an arm by the names of its joints, as LeRobot keeps it. */
export type Calibration = Readonly<Record<string, LeRobotCalibration>>

const whole = (note: string) => z.int({ error: 'expected a whole number' }).meta({ description: note })

/** The values of a calibration, in counts of the servo. */
export const calibrationSchema = z
  .record(
    z.string(),
    mapping({
      id: whole('The id of the servo on the bus.'),
      drive_mode: z
        .literal([0, 1], { error: 'expected 0 or 1' })
        .meta({ description: '1: the counts fall as the joint turns forwards.' }),
      homing_offset: whole("What stands in the servo's register."),
      range_min: whole('Counts at one end of the range.'),
      range_max: whole('Counts at the other end of the range.'),
    }).refine(({ range_min, range_max }) => range_min < range_max, {
      error: 'range_min is not below range_max: the joint has no range',
    }),
    { error: issue => (issue.code === 'invalid_type' ? 'expected a map of joints to their calibration' : undefined) },
  )
  .refine(joints => Object.keys(joints).length > 0, { error: 'has no joint' })

/**
 * Reads the text of a calibration file of LeRobot (~/.cache/huggingface/lerobot/calibration/robots/…/ID.json, by
 * robots/robot.py of v0.4.4). Throws an Error whose message says all that is wrong.
 */
export function readCalibrationText(text: string): Calibration {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new Error('not JSON', { cause: error })
  }
  const { data, issues } = validate(calibrationSchema, value)
  if (issues) throw new Error(`not a calibration of LeRobot: ${issues.map(issueText).join('; ')}`)
  return data
}
