import { replayBag, stampClock } from '../app/replay/replay-bag.js'
import { ObservationDigest, observationLine, pixelSums, type ObservationLine } from '../fusion/observation-line.js'
import { Epoch } from '../fusion/stamp.js'
import { openBag } from '../middleware/bag/bag.js'
import type { Robot } from '../robots/robot.js'

/**
 * The observations of a recording (a rosbag2 folder, an .mcap, a .db3), aligned as `robot` says: what `prehend replay
 * --observations` writes, one object a line. The same recording and robot file give the same lines on every machine.
 * Throws BagError; of a recording that is damaged the lines up to the damage.
 */
export async function linesOf(path: string, robot: Robot): Promise<ObservationLine[]> {
  const bag = await openBag(path)
  try {
    const clock = await stampClock(bag, robot)
    const epoch = new Epoch(clock.epochSec)
    const digest = new ObservationDigest()
    const lines: ObservationLine[] = []
    await replayBag({
      bag,
      robot,
      clock,
      rate: 'max',
      onObservation: async observation => {
        const pixels = digest.add(observation, await pixelSums(observation))
        lines.push(observationLine(robot, observation, epoch, pixels))
      },
    })
    return lines
  } finally {
    await bag.close()
  }
}
