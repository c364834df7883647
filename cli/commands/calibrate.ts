import { Option, type Command } from 'commander'
import {
  calibrateRecording,
  type CalibrationOptions,
  type CalibrationResult,
} from '../../app/calibration/calibrate-recording.js'
import { Output } from '../../app/output/output.js'
import { table } from '../../app/output/text-table.js'
import { namespace, overwrite, span } from '../options.js'

export function register(program: Command): void {
  program
    .command('calibrate')
    .description('find what a wrist sensor carries, from a recording of the tool at rest in several orientations')
    .argument('<bag>', 'a rosbag2 directory, an .mcap or a .db3')
    .option(
      '--robot <file>',
      'a robot file or the name of a shipped one (default: the one in the recording, else the topics)',
    )
    .option('--namespace <name>', 'where the relative topics of the robot file lie, such as /left', namespace)
    .option('--wrench <name>', 'stream or topic of the wrench, where there are several')
    .option('--orientation <name>', "stream or topic of the tool's pose (default: the robot file's)")
    .option('--find-mount', "also find how the sensor is turned in the tool's frame (default: as the robot file says)")
    .addOption(
      new Option('--rest <time>', 'how long the tool rests in a pose at least, such as "1 s"')
        .argParser(span)
        .default(0.5, '500 ms'),
    )
    .option('--out <file>', 'write the piece of the robot file here')
    .addOption(overwrite())
    .option('--json', 'the result as one JSON object')
    .addHelpText(
      'after',
      '\nThe robot file is never changed: the result is a piece of YAML for the stream of the wrench.' +
        '\nExit code 0: done, 1: the result is in doubt, one line says why, 2: bad use or bad input.',
    )
    .action((path: string, flags: CalibrationOptions & { json?: boolean }) => calibrate(path, flags))
}

async function calibrate(path: string, flags: CalibrationOptions & { readonly json?: boolean }): Promise<void> {
  const output = new Output(flags)
  const { result, doubts } = await calibrateRecording(path, flags)
  output.result(result, describe(result))
  for (const doubt of doubts) output.progress(`prehend: ${doubt}`)
  if (doubts.length > 0) process.exitCode = 1
}

const number = (value: number, scale = 1): string => `${Number((value * scale).toPrecision(5)) + 0}`
const list = (values: readonly number[], scale = 1): string => values.map(value => number(value, scale)).join(', ')
const error = (values: readonly number[], scale = 1): string =>
  values.map(value => `${Number((value * scale).toPrecision(2))}`).join(', ')

function describe(result: CalibrationResult): string[] {
  const { recording, wrench, orientation, poses, leftOut, mass, centre, forceBias, torqueBias, mount } = result
  const { deviation, condition } = result
  const worst = poses.reduce((a, b) => (b.residualForce > a.residualForce ? b : a))
  const degrees = 180 / Math.PI
  return [
    `${recording}: ${wrench.topic}, by the orientation of ${orientation.topic}: at rest in ${poses.length} poses` +
      `; left out: ${leftOut.short} too short, ${leftOut.unsteady} not steady`,
    '',
    ...table([
      ['parameter', 'value', 'standard error, same unit'],
      ['mass', `${number(mass.value)} kg`, error([mass.standardError])],
      ['centre', `${list(centre.value, 1000)} mm`, error(centre.standardError, 1000)],
      ['force bias', `${list(forceBias.value)} N`, error(forceBias.standardError)],
      ['torque bias', `${list(torqueBias.value)} N m`, error(torqueBias.standardError)],
      ...(mount.found
        ? [['mount rpy', `${list(mount.rpy.value, degrees)} deg`, error(mount.rpy.standardError, degrees)]]
        : []),
    ]),
    '',
    `left by the model: ${number(deviation.force)} N and ${number(deviation.torque)} N m in each component; at most ` +
      `${number(worst.residualForce)} N, at ${((worst.fromS + worst.untilS) / 2).toFixed(1)} s; ` +
      `condition number ${number(condition)}`,
    '',
    `for the stream ${wrench.stream} of the robot file:`,
    ...result.compensate.trimEnd().split('\n'),
  ]
}
