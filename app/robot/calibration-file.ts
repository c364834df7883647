import { messageOf } from '../../middleware/message-of.js'
import { LARGEST_TEXT, readTextSync } from '../../middleware/regular-file.js'
import { readCalibrationText, type Calibration } from '../../robots/actuators/lerobot-calibration.js'
import type { Robot } from '../../robots/robot.js'
import { UsageError } from '../output/output.js'

/**
 * Reads LeRobot's calibration of the only arm of a robot. Throws UsageError where several arms have a joint of one name,
 * or where the file is none.
 */
export function calibrationAt(path: string, { name, actuators }: Robot): Calibration {
  const joints = actuators.flatMap(each => each.joints)
  const twice = joints.find((joint, i) => joints.indexOf(joint) < i)
  if (twice !== undefined)
    throw new UsageError(
      `${path}: a calibration is of one arm, and several of robot file ${name} have ${twice}: name that of each ` +
        'under its calibration there',
    )
  try {
    return readCalibrationText(readTextSync(path, LARGEST_TEXT))
  } catch (error) {
    throw new UsageError(`${path}: cannot be read: ${messageOf(error)}`)
  }
}
