import { STEP } from '../control/arm/motion-limiter.js'
import type { Bus, Publisher } from '../middleware/bus.js'
import type { JointTrajectory as Trajectory, MultiArray } from '../middleware/messages.js'
import type { Actuator } from '../robots/robot.js'

/** Where the commands to an arm's joints are sent. */
export interface JointOutput {
  /** Positions, velocities or efforts (SI) in the order of the actuator's joints, at bus time `now` (ns). They are copied. */
  send(values: Float64Array, now: number): void
  dispose(): void
}

type Open = (bus: Bus, actuator: Actuator & { readonly topic: string }) => JointOutput

const NONE = new Float64Array(0)

/** One point: the arm should be there when the next one is sent. A stamp of 0: the controller begins at once. */
const trajectory: Open = (bus, { topic, joints }) => {
  const publisher: Publisher<Trajectory> = bus.advertise(topic, 'trajectory_msgs/msg/JointTrajectory')
  return {
    send: positions => {
      const point = { positions: positions.slice(), velocities: NONE, accelerations: NONE, effort: NONE }
      publisher.publish({ stamp: 0, frameId: '', jointNames: joints, points: [{ ...point, timeFromStart: STEP }] })
    },
    dispose: () => publisher.dispose(),
  }
}

const forward: Open = (bus, { topic }) => {
  const publisher: Publisher<MultiArray<Float64Array>> = bus.advertise(topic, 'std_msgs/msg/Float64MultiArray')
  return {
    send: values => publisher.publish({ dimensions: [], dataOffset: 0, data: values.slice() }),
    dispose: () => publisher.dispose(),
  }
}

/** By the kind of actuator, one line each. */
const OUTPUTS: ReadonlyMap<string, Open> = new Map([
  ['joint_trajectory', trajectory],
  ['forward_command', forward],
])

/** Whether the control node can send commands to the joints of an actuator: on a topic, or on a bus of servos. */
export function takesJoints({ kind }: Actuator): boolean {
  return OUTPUTS.has(kind) || kind === 'servo_bus'
}

/** Opens the output of an actuator that takes commands to joints on a topic. */
export function openOutput(bus: Bus, actuator: Actuator): JointOutput {
  const open = OUTPUTS.get(actuator.kind)
  if (!open || !('topic' in actuator)) throw new RangeError(`${actuator.name}: takes no commands to joints on a topic`)
  return open(bus, actuator)
}
