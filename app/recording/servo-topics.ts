import { monotonicNs } from '../../drivers/byte-stream.js'
import { STEP } from '../../control/arm/motion-limiter.js'
import type { Disposable } from '../../middleware/bus.js'
import { LocalBus } from '../../middleware/local/local-bus.js'
import { SystemClock } from '../../middleware/local/system-clock.js'
import { ServoArm } from '../../nodes/servo-arm.js'
import { UsageError } from '../output/output.js'
import { closeInOrder } from '../session/closing.js'
import { latencyNotices, servoBusesOf } from '../session/robot-servo-buses.js'
import { lackedOf, robotOf, topicsOf, type OpenSource } from './topic-source.js'

/** The states of the arms on servo buses, read at 100 Hz. Nothing is written to their motors: their torque stays as it is. */
export const openServoBuses: OpenSource = async options => {
  const robot = robotOf(options, 'bus')
  const { onNotice, onError } = options
  const buses = servoBusesOf(robot)
  if (buses.size === 0) throw new UsageError(`robot ${robot.name}: has no actuator on a servo bus to record`)
  const clock = new SystemClock()
  const bus = new LocalBus(clock, { onError })
  const busTimeOf = (monotonic: number): number => clock.now() - (monotonicNs() - monotonic)
  const timers: Disposable[] = []
  const arms = robot.actuators.flatMap(({ name, state }) => {
    const servos = buses.get(name)?.servos
    const stream = robot.streams.find(each => each.name === state)
    if (!servos || !stream) return []
    const topics = { state: stream.topic, command: undefined }
    return [new ServoArm({ bus, name, servos, topics, torque: 'as it is', busTimeOf, onNotice, onError })]
  })
  return {
    ...topicsOf(bus),
    epochSec: undefined,
    get lacks() {
      return lackedOf(bus, robot)
    },
    begin: async () => {
      for (const arm of arms) {
        await arm.open()
        timers.push(clock.every(STEP, () => arm.poll()))
      }
      for (const notice of latencyNotices(buses)) onNotice(notice)
    },
    close: () => {
      for (const timer of timers) timer.dispose()
      return closeInOrder(
        [
          ...arms.map(arm => ({ name: 'servo bus', close: () => arm.close() })),
          { name: 'bus', close: () => bus.close() },
          { name: 'clock', close: () => clock.close() },
        ],
        onError,
      )
    },
  }
}
