import { expect, test, vi } from 'vitest'
import { cell } from '../../ros2/managed-cell.js'
import { control } from '../../ros2/managed-control.js'
import { forceTorque } from '../../ros2/managed-force-torque.js'
import type { NodeContext, NodeKind } from '../../ros2/node-kind.js'
import { readRobot } from '../../app/robot/load-robot.js'
import { closeInOrder } from '../../app/session/closing.js'
import { DriverError } from '../../drivers/driver-error.js'
import { LocalBus } from '../../middleware/local/local-bus.js'
import { SteppedClock } from '../../middleware/local/stepped-clock.js'

const stub = { dispose: () => undefined }
const silent = new DriverError('TIMEOUT', 'modbus unit 9: no answer within 100 ms; is it powered?')
vi.mock('../../middleware/ros2/frame-publisher.js', () => ({
  FramePublisher: class {
    fixed = () => undefined
    dispose = () => undefined
  },
}))
vi.mock('../../ros2/gripper-state.js', () => ({ publishGripperState: () => stub }))
vi.mock('../../ros2/stop-service.js', () => ({ serveStop: () => stub }))
vi.mock('../../ros2/single-goal-actions.js', () => ({
  SingleGoalActions: class {
    end = () => Promise.resolve()
  },
}))
vi.mock('../../ros2/grasp-action.js', () => ({ serveGrasp: () => stub }))
vi.mock('../../ros2/gripper-command.js', () => ({ serveGripperCommand: () => stub }))
vi.mock('../../app/session/robot-gripper.js', async original => ({
  ...(await original<typeof import('../../app/session/robot-gripper.js')>()),
  ownGripper: () => ({
    path: '',
    gripper: {
      connect: () => Promise.resolve(),
      close: () => Promise.resolve(),
      stop: () => Promise.reject(silent),
      status: () => Promise.reject(silent),
      stats: {},
    },
  }),
}))
/** A machine that is 77 ms late. */
vi.mock('../../app/session/machine-lateness.js', async original => {
  const { MachineLateness } = await original<typeof import('../../app/session/machine-lateness.js')>()
  return {
    MachineLateness: class extends MachineLateness {
      override get ms() {
        return 77
      }
    },
  }
})

async function made(kind: NodeKind) {
  const said: string[] = []
  const clock = new SteppedClock(1)
  const bus = new LocalBus(clock, { onError: error => said.push(String(error)) })
  const say = (text: string): number => said.push(text)
  const parts = await kind.make({
    ros: { node: { namespace: () => '/' } },
    bus: Object.assign(bus, { health: () => [] }),
    robot: readRobot('cell'),
    log: { info: say, warn: say, error: say },
    parameters: { get: (name: string) => (name === 'port' ? '/dev/none' : kind.parameters[name].default) },
  } as unknown as NodeContext)
  return { ...parts, bus, clock, said }
}

test(
  "the control node calls a gripper's silence on a machine that is late an overload, and its " +
    'diagnostics say how late',
  async () => {
    const { node, status, closings, said, clock, bus } = await made(control)
    await node.configure()
    await node.activate()
    clock.advanceTo(clock.now() + 50e6)
    await bus.settle(clock.now())
    expect(said[0]).toMatch(/^overload: this machine is 77 ms late .*no answer within 100 ms/)
    expect(status?.()).toMatchObject([
      { name: 'motion', values: { machine_late_ms: 77 } },
      { name: 'gripper', message: expect.stringMatching(/^overload: /) as string },
    ])
    await node.shutdown()
    await closeInOrder(closings ?? [], error => said.push(String(error)))
  },
)

test('the force_torque node names a frame_id that changes', async () => {
  const { node, said, bus, clock } = await made(forceTorque)
  await node.configure()
  await node.activate()
  const wrenches = bus.advertise('/ft_sensor/wrench', 'geometry_msgs/msg/WrenchStamped')
  for (const frameId of ['left', 'right', 'right']) {
    clock.advanceTo(clock.now() + 1e6)
    wrenches.publish({ stamp: clock.now(), frameId, wrench: new Float64Array(6) })
  }
  await bus.settle(clock.now())
  expect(said.join('\n')).toMatch(/^\/ft_sensor\/wrench: .*right/)
  await node.shutdown()
})

test('every kind of node that publishes frames closes them after the node', async () => {
  for (const kind of [forceTorque, cell]) {
    const { closings, bus } = await made(kind)
    expect(closings?.map(({ name }) => name)).toContain('frames')
    await bus.close()
  }
})
