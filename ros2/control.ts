import { parameter } from '../middleware/parameters.js'
import type { Status } from '../middleware/ros2/diagnostics.js'
import { fingerStream } from '../nodes/finger-state.js'
import { UsageError } from '../app/output/output.js'
import { spread } from '../app/measure/percentiles.js'
import { MachineLateness } from '../app/session/machine-lateness.js'
import { gripperOf } from '../app/session/robot-gripper.js'
import { controlPart } from '../app/session/parts/control-part.js'
import { Session } from '../app/session/session.js'
import { GoalDesk } from './goal-desk.js'
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
      description: 'how chunks are carried out: temporal_ensembling or receding_horizon',
    }),
    await_command: parameter({
      type: 'boolean',
      default: false,
      readOnly: true,
      description: 'follows the policy in an episode only once something has been commanded in it',
    }),
    speed_scale: parameter({
      type: 'double',
      default: 1,
      range: { min: 0.05, max: 1 },
      description:
        "share of the robot file's limits of speed and yaw rate that the arm may use, but for going back " +
        'and up after an over-force',
    }),
    ...FRAME_PREFIX,
  },
  async make({ ros, bus, robot, parameters, log }) {
    const { gripper: declared } = robot.actions
    if (!declared)
      throw new UsageError(`robot ${robot.name}: actions.gripper is missing: the control node needs a gripper`)
    const path = parameters.get('port') || declared.port.path
    if (!path)
      throw new UsageError(
        `robot ${robot.name}: actions.gripper.port.path is missing: name the serial port there, or with -p port:=PATH`,
      )
    const gripper = gripperOf(declared, path)
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
    const state = publishGripperState(ros.node, bus, node, fingerStream(robot.streams)?.topic)
    const voice = robot.streams.find(stream => stream.modality === 'voice')
    const stop = serveStop(ros, bus, node, { voice, log })
    const desk = new GoalDesk(ros, bus, log)
    const actions = [
      voice === undefined ? undefined : serveGrasp(desk, bus, node, { voice, resetTopic: robot.reset?.topic, log }),
      serveGripperCommand(ros, desk, node, log),
    ]
    return {
      node,
      status: (): Status[] => {
        const { guard, hold, status, stops, refused, watchdog, gripperFault: fault } = node
        const latency = spread(latencies.splice(0))
        const { framesSent, framesReceived, crcErrors, timeouts } = gripper.stats
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
              chunks_stale: refused.stale,
              chunks_unusable: refused.unusable,
              wrenches_dropped: node.badWrenches,
              poses_dropped: node.badPoses,
              machine_late_ms: lateness.ms,
              ...Object.fromEntries(
                Object.entries(watchdog.trips).map(([source, count]) => [`watchdog_${source}`, count]),
              ),
            },
          },
          {
            name: 'gripper',
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
          },
        ]
      },
      closings: [
        { name: 'measure of lateness', close: () => lateness.close() },
        { name: 'goals', close: () => desk.end() },
        ...actions.map(action => ({ name: 'action server', close: () => action?.dispose() })),
        { name: 'gripper state', close: () => state.dispose() },
        { name: 'stop service', close: () => stop.dispose() },
      ],
    }
  },
})
