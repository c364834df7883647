import { InvalidArgumentError, type Command } from 'commander'
import { Output } from '../../app/output/output.js'
import { record, type RecordOptions } from '../../app/recording/record.js'
import { TOPIC_SOURCES } from '../../app/recording/topic-sources.js'
import { integer, namespace, overwrite, span } from '../options.js'

export function register(program: Command): void {
  program
    .command('record')
    .description('topics into a rosbag2 recording, without a policy and without a motion')
    .argument('<out>', 'OUT.mcap, or a folder OUT')
    .option('--source <name>', `where the topics are: ${TOPIC_SOURCES.join(', ')}`, 'ros2')
    .option(
      '--robot <file>',
      'robot file or the name of a shipped one; it goes into the recording, and its streams are what is recorded ' +
        '(default with --source sim: cell)',
    )
    .option('--namespace <name>', 'where the relative topics of the robot file lie, such as /left', namespace)
    .option('--topics <names>', 'these topics instead, with commas between them', names)
    .option('--all', 'all topics instead, also those that come up later')
    .option('--for <time>', 'ends so long after the first message, such as "10 s" (default: at Ctrl-C)', span)
    .option('--at-most <size>', 'ends where the file has this size, such as 500MB or 2GB', bytes)
    .option('--seed <s>', 'with --source sim: of what is drawn', integer(0), 1)
    .addOption(overwrite())
    .option('--json', 'the result as one JSON object')
    .addHelpText('after', '\nExit code 0: recorded, 1: nothing came, or a part was lost, 2: bad use or bad input.')
    .action((out: string, flags: RecordOptions & { readonly json?: boolean }) => recordInto(out, flags))
}

async function recordInto(out: string, flags: RecordOptions & { readonly json?: boolean }): Promise<void> {
  const output = new Output(flags)
  const { object, lines, isWhole } = await record(out, flags, line => output.progress(line))
  output.result(object, lines)
  if (!isWhole) process.exitCode = 1
}

function names(text: string): string[] {
  const all = text.split(',').map(name => name.trim())
  if (all.includes('')) throw new InvalidArgumentError('expected names of topics with commas between them.')
  return all
}

const UNITS: Readonly<Record<string, number>> = { MB: 1e6, GB: 1e9, TB: 1e12 }

/** A size of a file, for commander, in bytes. */
function bytes(text: string): number {
  const [, number = '', unit = ''] = /^([0-9]+(?:\.[0-9]+)?) ?([MGT]B)$/.exec(text) ?? []
  const value = Number(number) * (UNITS[unit] ?? NaN)
  if (!(value >= 1e6)) throw new InvalidArgumentError('expected a size of at least 1MB, such as 500MB or 2GB.')
  return value
}
