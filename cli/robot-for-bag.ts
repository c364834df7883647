import { parseRobot } from '../fusion/robot/robot-file.js'
import { recognise } from '../fusion/robot/recognise.js'
import type { Robot } from '../fusion/robot/robot.js'
import type { Bag } from '../middleware/bag/bag.js'
import { readRobot } from './robot-file.js'

/** The translation for a bag: the file that was named, else the one inside the recording, else what types and names tell. */
export async function robotForBag(bag: Bag, flags: { robot?: string; tare?: string }): Promise<{ robot: Robot; source: string }> {
  const recorded = bag.metadata.robot
  const base = flags.robot !== undefined
    ? { robot: await readRobot(flags.robot), source: flags.robot }
    : recorded !== undefined
      ? { robot: parseRobot(recorded, `${bag.path} (recorded robot file)`), source: 'the one in the recording' }
      : { robot: recognise(bag.topics, bag.path), source: 'none: streams recognised by type and name' }
  return base
}
