import type { Command } from 'commander'
import { Output } from '../../app/output/output.js'
import { standardStreams } from '../../app/output/standard-streams.js'
import { runOnCell, type CellRun } from '../../app/session/run-on-cell.js'
import { robotSource } from '../../app/session/robot-sources.js'
import { runOnRobot } from '../../app/session/run-on-robot.js'
import { LiveView } from '../live-view.js'
import { amount, encoder, execution, integer, namespace, overwrite, precision, span } from '../options.js'

interface RunFlags extends Omit<CellRun, 'episodes'> {
  readonly episodes?: number
  readonly json?: boolean
}

export function register(program: Command): void {
  program
    .command('run')
    .description('the loop: sensors, alignment, policy, gripper')
    .option(
      '--source <name>',
      'where the sensors are: sim (the embedded cell), gazebo (a Gazebo world that runs already; always ' +
        'in lockstep), ros2 (topics), or bus (serial ports of this machine, without ROS)',
      'sim',
    )
    .option('--robot <file>', 'robot file or the name of a shipped one', 'cell')
    .option(
      '--namespace <name>',
      'where the relative topics of the robot file lie, such as /left; with --source ros2 of the node too',
      namespace,
    )
    .option(
      '--episodes <n>',
      'how many (default: 1; on a robot: until Ctrl-C, else until so many results were published)',
      integer(1),
    )
    .option('--seed <s>', 'of everything that is drawn', integer(0), 1)
    .option(
      '--policy <file>',
      'an ONNX model with a contract, or "expert" (the cell\'s scripted one); default: the shipped model',
    )
    .addOption(precision())
    .addOption(encoder())
    .addOption(execution())
    .option('--say <text>', "said at each episode's start instead of the drawn command")
    .option('--port <path>', "the gripper's serial port, instead of the robot file's")
    .option('--objects <set>', 'seen, unseen, or an objects file', 'seen')
    .option('--count <n>', 'objects on the table (default: drawn, 2 to 5; in the SO-101 cell 1 to 4)', integer(1, 5))
    .option('--lockstep', 'simulated time advances only after the loop has answered; typed lines are ignored')
    .option(
      '--at-most <time>',
      'with --source sim or gazebo: an episode ends after so long ("200 ms"), lost unless it was won by then',
      span,
    )
    .option(
      '--record <out>',
      'write all sensors, events and commands as a rosbag2 recording (OUT.mcap, or a folder OUT)',
    )
    .addOption(overwrite())
    .option('--demonstrate', "record the expert's answer to every observation beside the policy's (for training)")
    .option(
      '--perturb <sigma>',
      'with --demonstrate: disturb the tool by smooth noise of this size (m; the joints of the SO-101 cell: rad)',
      amount(0.1),
      0,
    )
    .option('--json', 'the result as one JSON object')
    .action(run)
}

async function run(flags: RunFlags): Promise<void> {
  const output = new Output(flags)
  const progress = (line: string): void => output.progress(line)
  const isWatched = standardStreams.isTerminal && !output.json
  const source = robotSource(flags.source)
  const { object, lines, isComplete } =
    source !== undefined
      ? await runOnRobot(flags, source, progress)
      : await runOnCell(
          { ...flags, episodes: flags.episodes ?? 1 },
          { progress, ...(isWatched && { view: state => new LiveView(state) }) },
        )
  output.result(object, lines)
  if (!isComplete) process.exitCode = 1
}
