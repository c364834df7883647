import { InvalidArgumentError, Option, type Command } from 'commander'
import { DEFAULT_CONTRACT, DEFAULT_VOCABULARY, exportBags, type ExportOptions } from '../../app/dataset/export-bags.js'
import { ACTIONS_TEXT } from '../../app/dataset/actions/action-source.js'
import { formatsText } from '../../app/dataset/formats.js'
import type { PictureSizes } from '../../app/dataset/lerobot-columns.js'
import { Output } from '../../app/output/output.js'
import { JOINT_UNITS } from '../../app/policies/wrap-map.js'
import { integer, namespace, overwrite } from '../options.js'

interface ExportFlags extends Omit<ExportOptions, 'room' | 'sizes'> {
  readonly samples: number
  readonly size?: PictureSizes
  readonly json?: boolean
}

export function register(program: Command): void {
  program
    .command('export')
    .description(
      'recordings into a training set: the same aligned observations that the policy will see, with the actions ' +
        'of an expert, a policy or a person',
    )
    .argument('<bags...>', 'recordings, such as those of `prehend record` or `prehend run --demonstrate --record`')
    .requiredOption('--out <folder>', 'where the set is written')
    .option('--format <name>', formatsText, 'numpy')
    .option('--actions <name...>', ACTIONS_TEXT)
    .addOption(
      new Option(
        '--by <who>',
        'only while the actuators follow the person or the policy; each time is an episode of its own',
      ).choices(['person', 'policy']),
    )
    .option('--only-won', 'only episodes whose result says success')
    .option('--robot <file>', 'robot file; default: the one in the recording')
    .option('--namespace <name>', 'where the relative topics of the robot file lie, such as /left', namespace)
    .option('--contract <file>', 'numpy: inputs and outputs of the policy to be trained', DEFAULT_CONTRACT)
    .option('--vocabulary <file>', 'numpy: its words', DEFAULT_VOCABULARY)
    .addOption(
      new Option('--pictures <how>', 'lerobot: colour as video (needs ffmpeg) or as png, without loss')
        .choices(['video', 'png'])
        .default('video'),
    )
    .option('--ffmpeg <program>', 'lerobot: what encodes the video', 'ffmpeg')
    .option(
      '--size <WxH...>',
      'lerobot: pixels of all pictures, such as 128x128, or of one camera, such as wrist=64x64; default: as recorded',
      size,
    )
    .option('--streams <name...>', 'lerobot: the streams that get columns; default: all')
    .option('--only-complete', 'lerobot: only observations in which none of these streams is missing')
    .addOption(
      new Option(
        '--joint-unit <unit>',
        "lerobot: the unit of joints, with LeRobot's names (shoulder_pan.pos) and openings from 0 to 100; default: SI",
      ).choices(JOINT_UNITS),
    )
    .option(
      '--calibration <file>',
      "lerobot: LeRobot's calibration of the arm, for units that need it; default: the robot file's",
    )
    .option('--samples <n>', 'lerobot: room for samples between two frames', integer(1, 10_000), 80)
    .option('--rate <n>', 'frames a second; default: what the robot file or the recording says', integer(1, 1000))
    .addOption(overwrite())
    .option('--json', 'the result as one JSON object')
    .action((bags: string[], flags: ExportFlags) => exportInto(bags, flags))
}

async function exportInto(bags: readonly string[], flags: ExportFlags): Promise<void> {
  const output = new Output(flags)
  const { samples, size: sizes, ...others } = flags
  const options = { ...others, room: samples, ...(sizes && { sizes }) }
  const { result, isWhole } = await exportBags(bags, options, line => output.progress(line))
  output.result(result, [`${result.observations} observations of ${result.episodes} episodes in ${result.out}`])
  if (!isWhole) process.exitCode = 1
}

/** `WxH` or `CAMERA=WxH` in pixels, added to those before it, for commander. */
function size(text: string, before: PictureSizes = new Map()): PictureSizes {
  const [, camera = '', width, height] = /^(?:([^=]+)=)?([1-9]\d{0,4})x([1-9]\d{0,4})$/.exec(text) ?? []
  if (width === undefined || height === undefined)
    throw new InvalidArgumentError('expected WIDTHxHEIGHT in pixels, such as 128x128, or CAMERA=WIDTHxHEIGHT.')
  return new Map([...before, [camera, { width: Number(width), height: Number(height) }]])
}
