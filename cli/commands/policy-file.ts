import { Option, type Command } from 'commander'
import { Output, type Report } from '../../app/output/output.js'
import { policyInfo } from '../../app/policies/describe-policy.js'
import { JOINT_UNITS } from '../../app/policies/wrap-map.js'
import { wrapPolicy, type WrapOptions } from '../../app/policies/wrap-policy.js'
import { amount, namespace, overwrite } from '../options.js'

interface JsonFlag {
  readonly json?: boolean
}

export function register(program: Command): void {
  const policy = program
    .command('policy')
    .description('what an ONNX policy says of itself, and giving one from elsewhere its contract')
  policy
    .command('info')
    .description('name, inputs, outputs, robot, vocabulary, size and training of a policy')
    .argument('<file>', 'an ONNX model with a contract')
    .option('--json', 'the result as one JSON object')
    .action(async (file: string, flags: JsonFlag) => show(await policyInfo(file), flags))
  policy
    .command('wrap')
    .description('writes the contract into a model that comes from elsewhere; all else in it stays as it is')
    .argument('<file>', 'an ONNX model, or the .yaml of a LEAPP bundle')
    .option('--map <file>', 'what its inputs and outputs are (YAML): see docs/how-to/bring-your-own-policy.md')
    .option('--checkpoint <dir>', 'the LeRobot checkpoint that it is of: its map; what --map says goes before')
    .option('--encoder <file>', 'of a head: the encoder whose features feed it, with its contract')
    .option('--dataset <dir>', 'the LeRobot set of the training, for the names in its meta/info.json')
    .addOption(
      new Option(
        '--joint-unit <unit>',
        "the unit of that set's joints; deg: LeRobot's use_degrees, lerobot: its -100 to 100",
      ).choices(JOINT_UNITS),
    )
    .option(
      '--calibration <file>',
      "LeRobot's calibration of the arm (…/calibration/robots/…/ID.json), for these units",
    )
    .option(
      '--reference <file>',
      "a .npz with the graph's inputs and outputs by name: the model must give these outputs",
    )
    .option(
      '--tolerance <t>',
      'how far they may differ, in units of the larger of 1 and the value; default 1e-4',
      amount(1),
    )
    .requiredOption('--out <file>', 'where the model with its contract is written')
    .option('--robot <file>', 'robot file or the name of a shipped one', 'cell')
    .option('--namespace <name>', 'where the relative topics of the robot file lie, such as /left', namespace)
    .addOption(overwrite())
    .option('--json', 'the result as one JSON object')
    .action(async (file: string, flags: WrapOptions & JsonFlag) => show(await wrapPolicy(file, flags), flags))
}

const show = ({ object, lines }: Report, flags: JsonFlag): void => new Output(flags).result(object, lines)
