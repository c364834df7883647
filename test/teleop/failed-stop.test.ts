import { afterEach, expect, it } from 'vitest'
import { readRobot } from '../../app/robot/load-robot.js'
import { TeleopLoop } from '../../app/teleop/teleop-loop.js'
import { LocalBus } from '../../middleware/local/local-bus.js'
import { SteppedClock } from '../../middleware/local/stepped-clock.js'
import type { Publisher } from '../../middleware/bus.js'
import { Files, stream } from './arms.js'

const files = new Files()
afterEach(() => files.remove())

it('tells of a stop that cannot be sent, and the process goes on', async () => {
  const robot = readRobot(
    files.write(
      'topics.yaml',
      `robot: topics
tick: { rate: 30 Hz }
streams:
${stream('joints', '/joint_states')}
actions:
  arm: { topic: /commands, type: std_msgs/msg/Float64MultiArray, values: position, joints: [pan, lift, jaw], state: joints }
limits:
  joints:
    pan: { position: [-1.5 rad, 1.5 rad], velocity: 1 rad/s, acceleration: 5 rad/s^2 }
    lift: { position: [-1 rad, 1 rad], velocity: 1 rad/s, acceleration: 5 rad/s^2 }
    jaw: { position: [0 rad, 1 rad], velocity: 2 rad/s, acceleration: 5 rad/s^2 }
`,
    ),
  )
  const clock = new SteppedClock(1)
  const told: unknown[] = []
  const onError = (error: unknown): void => void told.push(error)
  const bus = new LocalBus(clock, { onError })
  let commands: Publisher<never> | undefined
  const advertise = bus.advertise.bind(bus) as (topic: string, type: never) => Publisher<never>
  Object.assign(bus, {
    advertise: (topic: string, type: never) => {
      const publisher = advertise(topic, type)
      if (topic === '/commands') commands = publisher
      return publisher
    },
  })
  const nothing = (): void => undefined
  const loop = await TeleopLoop.start({
    robot,
    seed: 0,
    signal: new AbortController().signal,
    ground: async () => ({ bus, epochSec: undefined, sensors: [], ports: {}, closings: [] }),
    kind: {
      meaning: '',
      help: '',
      make: () => ({ open: async () => undefined, update: () => true, close: async () => undefined }),
    },
    inputs: {},
    onPolicyEnded: nothing,
    onRecordingLost: nothing,
    onNotice: nothing,
    onLost: nothing,
    onError,
  })
  const state = bus.advertise('/joint_states', 'sensor_msgs/msg/JointState')
  const none = new Float64Array(0)
  const name = ['pan', 'lift', 'jaw']
  state.publish({ stamp: 1, frameId: '', name, position: new Float64Array(3), velocity: none, effort: none })
  await bus.settle(clock.now())
  // As a bus that is closed does.
  commands?.dispose()
  expect(loop.operate('stop')).toMatch(/^stopped/)
  await new Promise(resolve => setImmediate(resolve))
  expect(told.map(error => (error as { code?: string }).code)).toEqual(['PUBLISHER_DISPOSED'])
  await loop.close()
})
