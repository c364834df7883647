import { join } from 'node:path'
import { InvalidArgumentError, Option, type Command } from 'commander'
import { openBag } from '../../middleware/bag/bag.js'
import { DiskError, isRefusedByDisk } from '../../app/output/line-file.js'
import { formatsText, openSet } from '../../app/dataset/formats.js'
import type { TrainingSet } from '../../app/dataset/training-set.js'
import { answersOf, walk } from '../../app/dataset/walk.js'
import { packageRoot } from '../../app/package-root.js'
import { Ending } from '../../app/output/ending.js'
import { integer, namespace, overwrite } from '../options.js'
import { Output, UsageError } from '../../app/output/output.js'
import { robotForBag } from '../../app/robot/robot-for-bag.js'

interface ExportFlags {
  out: string
  format: string
  robot?: string
  namespace?: string
  contract: string
  vocabulary: string
  pictures: 'video' | 'png'
  ffmpeg: string
  size?: { width: number; height: number }
  samples: number
  rate?: number
  overwrite?: boolean
  json?: boolean
}

export function register(program: Command): void {
  program
    .command('export')
    .description(
      'recordings into a training set: the same aligned observations that the policy will see, with the ' +
        "expert's answers",
    )
    .argument(
      '<bags...>',
      "recordings made with `prehend run --demonstrate --record`; without the expert's answers the policy's are taken",
    )
    .requiredOption('--out <folder>', 'where the set is written')
    .option('--format <name>', formatsText, 'numpy')
    .option('--robot <file>', 'robot file; default: the one in the recording')
    .option('--namespace <name>', 'where the relative topics of the robot file lie, such as /left', namespace)
    .option(
      '--contract <file>',
      'numpy: inputs and outputs of the policy to be trained',
      join(packageRoot, 'policy/contract.json'),
    )
    .option('--vocabulary <file>', 'numpy: its words', join(packageRoot, 'policy/vocabulary.json'))
    .addOption(
      new Option('--pictures <how>', 'lerobot: colour as video (needs ffmpeg) or as png, without loss')
        .choices(['video', 'png'])
        .default('video'),
    )
    .option('--ffmpeg <program>', 'lerobot: what encodes the video', 'ffmpeg')
    .option('--size <WxH>', 'lerobot: pixels of all pictures, such as 128x128; default: as recorded', size)
    .option('--samples <n>', 'lerobot: room for samples between two frames', integer(1, 10_000), 80)
    .option('--rate <n>', 'frames a second; default: what the robot file or the recording says', integer(1, 1000))
    .addOption(overwrite())
    .option('--json', 'the result as one JSON object')
    .action((bags: string[], flags: ExportFlags) => exportBags(bags, flags))
}

async function exportBags(bags: readonly string[], flags: ExportFlags): Promise<void> {
  const output = new Output(flags)
  const set = openSet(flags.format, flags.out, { ...flags, size: flags.size, room: flags.samples, recordings: bags })
  const { signal } = new Ending()
  let leftOut = 0
  try {
    const sources = new Map<string, string>()
    for (const path of bags) leftOut += await exportBag(path, set, flags, { output, signal, sources })
    await set.close()
  } catch (error) {
    await set.discard()
    throw isRefusedByDisk(error)
      ? new DiskError(`${flags.out}: cannot be written: ${error.message}; nothing of it was kept`)
      : error
  }
  const { rows, episodes, remarks } = set
  for (const remark of remarks) output.progress(remark)
  output.result({ recordings: bags.length, observations: rows, episodes, leftOut, remarks, out: flags.out }, [
    `${rows} observations of ${episodes} episodes in ${flags.out}`,
  ])
}

/**
 * Answers how many observations had no answer. `sources`: whose the answers are, each with the first recording that has
 * them.
 */
async function exportBag(
  path: string,
  set: TrainingSet,
  flags: ExportFlags,
  {
    output,
    signal,
    sources,
  }: { readonly output: Output; readonly signal: AbortSignal; readonly sources: Map<string, string> },
): Promise<number> {
  const bag = await openBag(path)
  try {
    const { robot } = robotForBag(bag, flags)
    const { source } = answersOf(bag, robot)
    if (!sources.has(source)) sources.set(source, path)
    const [first, other] = [...sources]
    if (first !== undefined && other !== undefined)
      throw new UsageError(
        `${path}: its answers are of ${source}, those of ${first[1]} of ${first[0]}: a set has the ` +
          'answers of one source; export them apart',
      )
    const before = { rows: set.rows, episodes: set.episodes }
    const { leftOut, lost } = await walk(bag, robot, set, {
      rate: flags.rate,
      onNotice: text => output.progress(text),
      signal,
    })
    output.progress(
      `${path}: ${set.rows - before.rows} observations of ${set.episodes - before.episodes} ` +
        `episodes${leftOut > 0 ? `; ${leftOut} without an answer left out` : ''}`,
    )
    for (const { stream, text } of lost) {
      output.progress(`prehend: ${path}: stream ${stream}: ${text}`)
      process.exitCode = 1
    }
    if (bag.damage !== undefined) {
      output.progress(`prehend: ${path}: ${bag.damage}: exported up to there`)
      process.exitCode = 1
    }
    return leftOut
  } finally {
    await bag.close()
  }
}

/** `WxH` in pixels, for commander. */
function size(text: string): { width: number; height: number } {
  const match = /^([1-9]\d{0,4})x([1-9]\d{0,4})$/.exec(text)
  if (!match) throw new InvalidArgumentError('expected WIDTHxHEIGHT in pixels, such as 128x128.')
  return { width: Number(match[1]), height: Number(match[2]) }
}
