import type { Command } from 'commander'
import { Output } from '../../app/output/output.js'
import { GROUND_NAMES } from '../../app/teleop/ground.js'
import { OPERATIONS } from '../../app/teleop/operations.js'
import { PERSON_INPUTS } from '../../app/teleop/person-inputs.js'
import { teleop, type TeleopCommand } from '../../app/teleop/teleop.js'
import { integer, namespace, overwrite } from '../options.js'

export function register(program: Command): void {
  const inputs = [...PERSON_INPUTS].map(([name, { meaning }]) => `  ${name}: ${meaning}`)
  const words = Object.entries(OPERATIONS).map(([word, { key, means }]) => `  ${word} (${key ?? 'no key'}): ${means}`)
  program
    .command('teleop')
    .description('a person moves a robot, within its limits and guards, alone or beside a policy')
    .option('--robot <file>', 'robot file or the name of a shipped one', 'cell')
    .option(
      '--by <input>',
      `with what: ${[...PERSON_INPUTS.keys()].join(', ')} (default: leader with --leader, else keyboard)`,
    )
    .option('--leader <file>', 'robot file of the arms that are moved by hand')
    .option('--map <file>', "how the leader's joints become those of the robot (default: by their names)")
    .option('--joy <topic>', 'the topic of the gamepad (default: /joy)')
    .option(
      '--source <name>',
      `where the robot is: ${GROUND_NAMES.join(', ')} (serial ports of this machine, topics, the embedded cell)`,
      'bus',
    )
    .option(
      '--attach',
      'with --source ros2: the person takes the arm from a control node that runs already, and gives it back',
    )
    .option('--policy <file>', 'an ONNX model that drives the robot until the person takes it')
    .option('--port <path>', "the port of the gripper or of the only servo bus, instead of the robot file's")
    .option('--namespace <name>', 'where the relative topics of the robot file lie, such as /left', namespace)
    .option('--say <text>', "said at each episode's start")
    .option('--seed <s>', 'with --source sim: of what is drawn', integer(0), 1)
    .option('--record <out>', 'write all of it as a rosbag2 recording (OUT.mcap, or a folder OUT)')
    .addOption(overwrite())
    .option('--json', 'the result as one JSON object')
    .addHelpText(
      'after',
      `\nInputs:\n${inputs.join('\n')}\n\nWords that are typed, and keys of a terminal:\n${words.join('\n')}\n\n` +
        'Exit code 0: done, 1: a part was lost, 2: bad use or bad input.',
    )
    .action((flags: TeleopCommand & { readonly json?: boolean }) => run(flags))
}

async function run(flags: TeleopCommand & { readonly json?: boolean }): Promise<void> {
  const output = new Output(flags)
  const { object, lines, isComplete } = await teleop(flags, line => output.progress(line))
  output.result(object, lines)
  if (!isComplete) process.exitCode = 1
}
