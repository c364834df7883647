import { expect, it } from 'vitest'
import { group, TopicRobot } from './topic-robot.js'

const ROBOT = `
robot: rates
tick: { rate: 30 Hz }
streams:
  joints: { topic: /joint_states, type: sensor_msgs/msg/JointState, select: [position.a, position.b] }
  voice: { topic: /voice/events, type: prehend_interfaces/msg/VoiceEvent }
actions:
  wheel: { topic: /wheel, type: std_msgs/msg/Float64MultiArray, values: velocity, joints: [a], state: joints }
  spring: { topic: /spring, type: std_msgs/msg/Float64MultiArray, values: effort, joints: [b], state: joints }
limits:
  joints:
    a: { position: [-1 rad, 1 rad], velocity: 1 rad/s, acceleration: 5 rad/s^2 }
    b: { effort: 2 N m }
`
const GROUPS = [
  group({ name: 'wheel', kind: 'joint_velocity', joints: ['a'] }),
  group({ name: 'spring', kind: 'joint_effort', joints: ['b'] }),
]

/** A velocity moves joint a; joint b stands. */
class Plant {
  readonly robot = new TopicRobot(ROBOT, GROUPS)
  at = 0
  isMeasured = true
  #velocity = 0
  readonly velocities = this.robot.sent('/wheel', 'std_msgs/msg/Float64MultiArray', ({ data }) => {
    this.#velocity = data[0]!
  })
  readonly efforts = this.robot.sent('/spring', 'std_msgs/msg/Float64MultiArray')
  readonly #states = this.robot.bus.advertise('/joint_states', 'sensor_msgs/msg/JointState')

  run(ms: number): Promise<void> {
    return this.robot.run(ms, (stamp, i) => {
      this.at += this.#velocity / 1000
      const none = new Float64Array(0)
      if (i % 8 === 0 && this.isMeasured)
        this.#states.publish({
          stamp,
          frameId: '',
          name: ['b', 'a'],
          position: Float64Array.of(0, this.at),
          velocity: none,
          effort: none,
        })
    })
  }

  /** What is sent now. */
  get newest(): readonly (number | undefined)[] {
    return [this.velocities.at(-1)?.data[0], this.efforts.at(-1)?.data[0]]
  }
}

it('joints take velocities and efforts from a policy, within their limits', async () => {
  const plant = new Plant()
  await plant.robot.up()
  await plant.run(100)
  expect(plant.newest).toEqual([undefined, undefined])
  plant.robot.row = [0.5, 9]
  await plant.run(400)
  expect(plant.robot.control.hold).toBe('none')
  expect(plant.newest).toEqual([0.5, 2])
  await plant.run(5000)
  expect(plant.at).toBeGreaterThan(0.99)
  expect(plant.at).toBeLessThanOrEqual(1)
  expect(plant.robot.errors).toEqual([])
  await plant.robot.control.shutdown()
})

it.each<[string, (plant: Plant) => void]>([
  ['after "stop"', ({ robot }) => robot.say('stop')],
  ['where the state is silent', plant => (plant.isMeasured = false)],
  ['after the last row of a chunk', ({ robot }) => (robot.row = undefined)],
  ['when the node ends', ({ robot }) => void robot.control.deactivate()],
])('both are 0 %s', async (_when, begin) => {
  const plant = new Plant()
  await plant.robot.up()
  plant.robot.row = [0.5, 1]
  await plant.run(400)
  expect(plant.newest).toEqual([0.5, 1])
  begin(plant)
  await plant.run(800)
  expect(plant.newest).toEqual([0, 0])
  const { at } = plant
  await plant.run(200)
  expect(plant.at).toBe(at)
  await plant.robot.control.shutdown()
})

it('"resume" goes on after a stop', async () => {
  const plant = new Plant()
  await plant.robot.up()
  plant.robot.row = [0.5, 1]
  await plant.run(300)
  plant.robot.say('stop')
  await plant.run(300)
  plant.robot.say('resume')
  await plant.run(300)
  expect(plant.newest).toEqual([0.5, 1])
  await plant.robot.control.shutdown()
})
