import type { Command } from 'commander'
import { Parameters } from '../../middleware/parameters.js'
import { publishDiagnostics } from '../../middleware/ros2/diagnostics.js'
import { ManagedNode } from '../../middleware/ros2/managed-node.js'
import { Ros2Bus } from '../../middleware/ros2/ros2-bus.js'
import { bindParameters } from '../../middleware/ros2/ros2-parameters.js'
import { Ros2Process } from '../../middleware/ros2/ros2-process.js'
import { closeInOrder, type Closing } from '../../app/session/closing.js'
import { Ending } from '../../app/output/ending.js'
import { exitOf, messageOf, Output, UsageError } from '../../app/output/output.js'
import { readRobot } from '../../app/robot/load-robot.js'
import { printableLog } from '../../ros2/printable-log.js'
import { useFastDdsProfile } from '../../app/session/fast-dds-profile.js'
import { KINDS } from '../../ros2/kinds.js'
import { COMMON } from '../../ros2/node-kind.js'

/** ms that a node waits for somebody who hears its transitions. */
const PATIENCE = 10_000
/** ms that a transition may take when the process ends: longer than the activation of a gripper. */
const TRANSITION_LIMIT = 15_000

export function register(program: Command): void {
  program
    .command('node')
    .summary('one managed ROS 2 node: what the launch files start')
    .description(
      "one managed (lifecycle) ROS 2 node in this process. What follows --ros-args is ROS's: parameters " +
        '(-p NAME:=VALUE, --params-file), remaps (-r), namespace, log level.\n\n' +
        Object.entries(KINDS)
          .map(([name, { summary }]) => `  ${name.padEnd(13)}${summary}`)
          .join('\n'),
    )
    .argument('<name>', `one of ${Object.keys(KINDS).join(', ')}`)
    .argument('[ros...]', '--ros-args and what follows it')
    .option('--json', 'the result as one JSON object, at the end')
    .allowUnknownOption()
    .action((name: string, ros: string[], flags: { json?: boolean }) => runNode(name, ros, new Output(flags)))
}

async function runNode(name: string, args: readonly string[], output: Output): Promise<void> {
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
        !(await managed.observed(AbortSignal.any([ending.signal, AbortSignal.timeout(PATIENCE)]))) &&
        !ending.signal.aborted
      ) {
        log.warn(`nobody hears ~/transition_event after ${PATIENCE / 1000} s`)
      }
      if (!(await managed.make('configure')) || !(await managed.make('activate'))) {
        // Nobody else would try again; whoever started the process can.
        process.exitCode = exitOf(failure) ?? 1
        return await end()
      }
      output.progress(`${name} is active`)
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
    if (output.json) output.result({ node: name, signal, state: node.state, ...(await parts.result?.()) }, [])
  } finally {
    await closeInOrder(closings, tell)
  }
}
