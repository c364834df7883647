import { parameter } from '../middleware/parameters.js'
import type { Status } from '../middleware/ros2/diagnostics.js'
import type { ControlNode } from '../nodes/control-node.js'
import { fingerStream } from '../nodes/finger-state.js'
import { spread } from '../app/measure/percentiles.js'
import { MachineLateness } from '../app/session/machine-lateness.js'
import { requireDrivable } from '../app/session/drivable.js'
import { grippersOf, otherGrippers, ownGripper, type OwnGripper } from '../app/session/robot-gripper.js'
import { servoBusesOf, servosOf, type OwnServoBus } from '../app/session/robot-servo-buses.js'
import { controlPart } from '../app/session/parts/control-part.js'
import { Session } from '../app/session/session.js'
import { toolKinematics } from '../app/session/tool-kinematics.js'
import { SingleGoalActions } from './single-goal-actions.js'
import { serveGrasp } from './grasp-action.js'
import { serveGripperCommand } from './gripper-command.js'
import { publishGripperState } from './gripper-state.js'
import { motionStatus } from '../app/session/motion-status.js'
import { FRAME_PREFIX, nodeKind } from './node-kind.js'
import { serveStop } from './stop-service.js'

export const control = nodeKind({
  parameters: {
    port: parameter({
      type: 'string',
      default: '',
      readOnly: true,
      description: "serial port of the gripper; empty: the robot file's",
    }),
    execution: parameter({
      type: 'string',
      default: 'temporal_ensembling',
      readOnly: true,
      description: 'how chunks are carried out: temporal_ensembling, receding_horizon or receding_horizon:ROWS',
    }),
    await_command: parameter({
      type: 'boolean',
      default: false,
      readOnly: true,
      description: 'whether it follows the policy in an episode only after the first command',
    }),
    speed_scale: parameter({
      type: 'double',
      default: 1,
      range: { min: 0.05, max: 1 },
      description:
        "share of the robot file's limits of speed and yaw rate that the arm may use. The retreat after an " +
        'over-force does not depend on it',
    }),
    ...FRAME_PREFIX,
  },
  async make({ ros, bus, robot, parameters, log }) {
    requireDrivable(robot)
    const kinematics = await toolKinematics(robot)
    const buses = servoBusesOf(robot)
    const own = ownGripper(robot, { path: parameters.get('port'), option: '-p port:=PATH' })
    const gripper = own?.gripper
    const others = otherGrippers(robot)
    const latencies: number[] = []
    const lateness = new MachineLateness()
    const { control: node } = Session.assemble(
      {
        robot,
        bus,
        framePrefix: parameters.get('frame_prefix'),
        onError: error => log.error(lateness.lineOf(error)),
      },
      {
        control: controlPart({
          gripper,
          grippers: grippersOf(others),
          servoBuses: servosOf(buses),
          kinematics,
          execution: parameters.get('execution'),
          awaitCommand: parameters.get('await_command'),
          onNotice: text => log.warn(text),
          onLatency: nanoseconds => latencies.push(nanoseconds / 1e6),
        }),
      },
    ).nodes
    node.speedScale = parameters.get('speed_scale')
    parameters.onChange = () => {
      node.speedScale = parameters.get('speed_scale')
    }
    const state = own && publishGripperState(ros.node, bus, node, fingerStream(robot.streams)?.topic)
    const voice = robot.streams.find(stream => stream.modality === 'voice')
    const stop = serveStop(ros, bus, node, { voice, log })
    const goals = new SingleGoalActions(ros, bus, log)
    const actions = [
      voice === undefined || own === undefined
        ? undefined
        : serveGrasp(goals, bus, node, { voice, resetTopic: robot.reset?.topic, log }),
      own && serveGripperCommand(ros, goals, node, log),
    ]
    return {
      node,
      status: (): Status[] => {
        const { guard, hold, stops, refused, watchdog } = node
        return [
          {
            name: 'motion',
            ...motionStatus(node),
            values: {
              hold,
              heard_as: node.heardAs,
              guard: guard.state,
              force_n: guard.force,
              peak_force_n: guard.peak,
              over_force: guard.trips,
              stops,
              steps_clipped: node.clips,
              chunks_stale: refused.stale,
              chunks_unusable: refused.unusable,
              wrenches_dropped: node.badWrenches,
              wrenches_unoriented: node.unorientedWrenches,
              poses_dropped: node.badPoses,
              machine_late_ms: lateness.ms,
              ...Object.fromEntries(
                Object.entries(watchdog.trips).map(([source, count]) => [`watchdog_${source}`, count]),
              ),
            },
          },
          ...[...buses].map(([name, own]) => servoBusStatus(name, own)),
          ...(own
            ? [
                gripperStatus({ name: 'gripper', status: node.status, fault: node.gripperFault }, own, {
                  lateness,
                  latencies: latencies.splice(0),
                }),
              ]
            : []),
          ...[...others].map(([name, each]) => {
            const { status, wire } = node.grippers.get(name) ?? {}
            return gripperStatus({ name: `gripper ${name}`, status, fault: wire?.fault }, each, {
              lateness,
              latencies: [],
            })
          }),
        ]
      },
      closings: [
        { name: 'measure of lateness', close: () => lateness.close() },
        { name: 'goals', close: () => goals.end() },
        ...actions.map(action => ({ name: 'action server', close: () => action?.dispose() })),
        { name: 'gripper state', close: () => state?.dispose() },
        { name: 'stop service', close: () => stop.dispose() },
      ],
    }
  },
})

/** What diagnostics say of a gripper. `latencies`: ms since the diagnostics before. */
function gripperStatus(
  { name, status, fault }: { readonly name: string; readonly status: ControlNode['status']; readonly fault: unknown },
  { gripper, path }: OwnGripper,
  { lateness, latencies }: { readonly lateness: MachineLateness; readonly latencies: readonly number[] },
): Status {
  const latency = spread(latencies)
  const { framesSent, framesReceived, crcErrors, timeouts } = gripper.stats
  return {
    name,
    level: fault === undefined && (status === undefined || status.activated) ? 'ok' : 'error',
    message:
      fault !== undefined
        ? lateness.lineOf(fault)
        : status === undefined
          ? 'not connected'
          : status.activated
            ? `${(status.width * 1000).toFixed(1)} mm`
            : `not activated: ${status.faultText}`,
    values: {
      port: path,
      width_m: status?.width ?? NaN,
      current_a: status?.current ?? NaN,
      object: status?.object ?? 'unknown',
      frames_sent: framesSent,
      frames_received: framesReceived,
      crc_errors: crcErrors,
      timeouts,
      latency_ms_p50: latency.p50,
      latency_ms_p99: latency.p99,
    },
  }
}

/** What diagnostics say of the servo bus of the actuator `name`. */
function servoBusStatus(name: string, { servos, port }: OwnServoBus): Status {
  const { framesSent, framesReceived, crcErrors, timeouts, reconnects } = servos.stats
  return {
    name: `servo bus of ${name}`,
    level: port.isOpen ? 'ok' : 'error',
    message: port.isOpen ? (port.latency?.text ?? 'open') : 'not connected',
    values: {
      port: port.path,
      frames_sent: framesSent,
      frames_received: framesReceived,
      checksum_errors: crcErrors,
      timeouts,
      reconnects,
    },
  }
}
