import { Ending } from '../app/output/ending.js'
import { exitOf, UsageError } from '../app/output/output.js'
import { messageOf } from '../middleware/message-of.js'
import { readRobot } from '../app/robot/load-robot.js'
import { closeInOrder, type Closing } from '../app/session/closing.js'
import { useFastDdsProfile } from '../app/session/fast-dds-profile.js'
import { Parameters } from '../middleware/parameters.js'
import { publishDiagnostics } from '../middleware/ros2/diagnostics.js'
import { ManagedNode } from '../middleware/ros2/managed-node.js'
import { Ros2Bus } from '../middleware/ros2/ros2-bus.js'
import { bindParameters } from '../middleware/ros2/ros2-parameters.js'
import { Ros2Process } from '../middleware/ros2/ros2-process.js'
import { KINDS } from './managed-nodes.js'
import { COMMON } from './node-kind.js'
import { printableLog } from './printable-log.js'
import { withTimeLimit } from './time-limit.js'

/** ms that a node waits for a subscription to its transition events. */
const OBSERVER_WAIT = 10_000
/** ms that a transition may take when the process ends: longer than the activation of a gripper. */
const TRANSITION_LIMIT = 15_000

/** How a node ended. */
export interface NodeResult {
  readonly node: string
  /** The signal that ended it; null: its work was done or had failed. */
  readonly signal: string | null
  /** Its lifecycle state at the end. */
  readonly state: string
}

/**
 * Runs one managed ROS 2 node in this process, until its work is over or the process is asked to end. `args`:
 * `--ros-args` and what follows it. `isReported`: the result also has what the kind of node reports at the end.
 * Resolves with undefined where the node could not configure or activate itself. A failure is in the node's log and in
 * `process.exitCode`. Throws UsageError for an unknown name or argument.
 */
export async function runNode(
  name: string,
  args: readonly string[],
  { progress, isReported }: { readonly progress: (line: string) => void; readonly isReported: boolean },
): Promise<NodeResult | undefined> {
  if (!Object.hasOwn(KINDS, name))
    throw new UsageError(`node ${name}: is none; expected one of ${Object.keys(KINDS).join(', ')}`)
  if (args.length > 0 && args[0] !== '--ros-args')
    throw new UsageError(`node ${name}: ${args[0]}: expected --ros-args before everything that is ROS's`)
  const ending = new Ending()
  const kind = await KINDS[name]!.load()
  useFastDdsProfile()
  const ros = await Ros2Process.start(name, ['prehend', name, ...args])
  const log = printableLog(ros.node.getLogger())
  const tell = (error: unknown): void => {
    process.exitCode ||= exitOf(error) ?? 1
    log.error(messageOf(error))
  }
  const closings: Closing[] = [{ name: 'ROS 2', close: () => ros.close() }]
  try {
    const parameters = new Parameters(name, { ...kind.parameters, ...COMMON })
    for (const unknown of bindParameters(ros.rcl, ros.node, parameters)) log.warn(unknown)
    const robot = readRobot(parameters.get('robot'), ros.node.namespace())
    const bus = new Ros2Bus(ros.rcl, ros.node, {
      onError: error => log.error(String(error)),
      onWarning: (topic, text) => log.warn(`${topic}: ${text}`),
      ...kind.bus?.(parameters),
    })
    closings.unshift({ name: 'bus', close: () => bus.close() })
    const parts = await kind.make({ ros, bus, robot, parameters, log, ending: ending.signal })
    const { node } = parts
    closings.unshift(...(parts.closings ?? []))
    let failure: unknown
    const managed = new ManagedNode(node, ros.node, error => {
      failure = error
      log.error(messageOf(error))
    })
    const end = (): Promise<void> =>
      closeInOrder(
        [{ name: `node ${name}`, close: () => managed.end(), progress: () => node.state, limit: TRANSITION_LIMIT }],
        tell,
      )
    closings.unshift({ name: 'services of the node', close: () => managed.dispose() })
    const diagnostics = publishDiagnostics(ros.node, () => parts.status?.() ?? [])
    closings.unshift({ name: 'diagnostics', close: () => diagnostics.dispose() })
    log.info(`${name}: unconfigured, ${process.uptime().toFixed(2)} s after its start`)
    const autostart = parameters.get('autostart')
    if (autostart) {
      if (
        parameters.get('await_observer') &&
        !(await withTimeLimit(ending.signal, OBSERVER_WAIT, signal => managed.observed(signal))) &&
        !ending.signal.aborted
      ) {
        log.warn(`nobody hears ~/transition_event after ${OBSERVER_WAIT / 1000} s`)
      }
      if (!(await managed.make('configure')) || !(await managed.make('activate'))) {
        // The process ends, so that the launch file that started it can start it again.
        process.exitCode = exitOf(failure) ?? 1
        await end()
        return undefined
      }
      progress(`${name} is active`)
    }
    const signal = await new Promise<string | null>(resolve => {
      ending.whenAsked(resolve)
      const fail = (): void => {
        process.exitCode = 1
        resolve(null)
      }
      if (autostart) parts.done?.then(() => resolve(null), fail)
      void parts.failed?.then(fail)
    })
    log.info(`${signal ?? (process.exitCode === 1 ? 'its work has failed' : 'its work is done')}: ending`)
    await end()
    return { node: name, signal, state: node.state, ...(isReported && (await parts.result?.())) }
  } finally {
    await closeInOrder(closings, tell)
  }
}
