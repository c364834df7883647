import type { Command } from 'commander'
import { bagContents, type BagContents } from '../../app/inspection/bag-contents.js'
import { Output } from '../../app/output/output.js'
import { table } from '../../app/output/text-table.js'

export function register(program: Command): void {
  program
    .command('info')
    .description('what is in a recording: topics, rates, gaps, metadata, damage')
    .argument('<bag>', 'a rosbag2 directory, an .mcap or a .db3')
    .option('--json', 'the result as one JSON object')
    .addHelpText('after', '\nExit code 0: whole, 1: damaged and described up to there, 2: bad input.')
    .action((path: string, flags: { json?: boolean }) => info(path, new Output(flags)))
}

async function info(path: string, output: Output): Promise<void> {
  const contents = await bagContents(path)
  output.result(contents, describe(contents))
  if (contents.damage === null) return
  output.progress(`prehend: ${path}: ${contents.damage}: described up to there`)
  process.exitCode = 1
}

function describe({
  path,
  storage,
  files,
  sizeBytes,
  start,
  durationS,
  messages,
  topics,
  metadata,
  damage,
}: BagContents): string[] {
  const rows = Object.entries(topics).map(([name, { type, count, rateHz, largestGapMs, encoding }]) => [
    name,
    encoding === undefined ? type : `${type} in ${encoding}, left alone`,
    String(count),
    rateHz > 0 ? `${rateHz.toFixed(2)} Hz` : '-',
    largestGapMs === null ? '-' : `${largestGapMs.toFixed(3)} ms`,
  ])
  const at = new Date(Number(start.split('.')[0]) * 1000).toISOString().slice(0, 19)
  return [
    `${path}: ${storage}, ${files.length === 1 ? '1 file' : `${files.length} files`}, ` +
      `${(sizeBytes / 1e6).toFixed(1)} MB`,
    `start ${start} (${at} UTC), ${durationS.toFixed(3)} s, ${messages} messages`,
    ...table([['topic', 'type', 'messages', 'rate', 'largest gap of stamps'], ...rows]),
    ...Object.entries(metadata).map(
      ([key, value]) => `${key}: ${value.length > 80 ? `${value.length} characters, in full with --json` : value}`,
    ),
    ...(damage === null ? [] : [`damaged: ${damage}; described up to there`]),
  ]
}
