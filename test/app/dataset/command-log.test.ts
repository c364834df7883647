import { expect, test } from 'vitest'
import { CommandLog } from '../../../app/dataset/actions/command-log.js'
import { mostRowsWaiting } from '../../../app/dataset/most-rows-waiting.js'
import { parseRobot } from '../../../robots/robot-file.js'
import { MS } from '../../fusion/robots.js'

const robot = parseRobot(
  'robot: fast\ntick: { from: state }\nstreams: { state: { topic: /state, type: sensor_msgs/msg/JointState, select: [position.pan] } }\n',
  'fast.yaml',
)

test('at 1 kHz each row waits for its command until its deadline', () => {
  const [period, maxWait] = [MS, robot.maxWait]
  const [stream] = robot.streams
  const log = new CommandLog(robot, { streams: [{ ...stream!, topic: '/command' }], channels: [] } as never, {
    clock: { epochSec: 0, apart: 0 },
    mostWaiting: mostRowsWaiting(maxWait, period),
    onSample: () => undefined,
  })
  const given: [row: number, receive: number][] = []
  // Each tick is emitted as late as it may be, and no command comes.
  for (let ms = 0; ms < 500; ms++) {
    const receive = ms * MS + maxWait
    log.expect(ms * MS, { stamp: (ms + 1) * MS, emitted: receive } as never)
    for (const { stamp } of log.answered(receive)) given.push([stamp, receive])
  }
  expect(given.length).toBeGreaterThan(400)
  for (const [stamp, receive] of given) expect(receive).toBe(stamp + 2 * maxWait + MS)
})
