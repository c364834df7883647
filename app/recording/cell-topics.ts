import { LocalBus } from '../../middleware/local/local-bus.js'
import { SystemClock } from '../../middleware/local/system-clock.js'
import { messageOf } from '../../middleware/message-of.js'
import { requireAll } from '../../peers/peers.js'
import { cellSensors, takesPoses, toolPoses } from '../session/cell-parts.js'
import { cellNeed, requireFit, startCell } from '../session/cells.js'
import { closeInOrder } from '../session/closing.js'
import { Session } from '../session/session.js'
import { lackedOf, robotOf, topicsOf, type OpenSource } from './topic-source.js'

/** The sensors of the embedded cell in real time. Nothing moves in it: the arm stands above the objects of an episode. */
export const openCell: OpenSource = async options => {
  const robot = robotOf(options, 'sim')
  const { seed, signal, onLost, onError } = options
  requireFit(robot)
  requireAll([cellNeed(robot, 'sim')])
  const started = process.hrtime.bigint()
  const cell = await startCell(robot, 'sim')({ mode: 'realtime', seed, objects: 'seen', started }, signal)
  const clock = new SystemClock(started)
  const bus = new LocalBus(clock, { onError })
  const ground = [
    { name: 'cell', close: () => cell.close() },
    { name: 'clock', close: () => clock.close() },
  ]
  cell.onError = error => onLost(`the cell has failed: ${messageOf(error)}`)
  try {
    const session = Session.assemble({ robot, bus, onError }, {}, cellSensors(robot, cell))
    const poses = toolPoses(bus, robot)
    if (poses && takesPoses(cell)) cell.onToolPose = (stamp, _receive, pose) => poses.publish(stamp, pose)
    return {
      ...topicsOf(bus),
      epochSec: undefined,
      get lacks() {
        return lackedOf(bus, robot)
      },
      begin: async () => {
        await cell.reset(0)
        await session.bringUp()
      },
      close: () => session.close({ ground }),
    }
  } catch (error) {
    await closeInOrder(ground, onError)
    throw error
  }
}
