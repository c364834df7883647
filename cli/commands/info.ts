import type { Command } from 'commander'
import { Epoch } from '../../fusion/stamp.js'
import { openBag, type Bag } from '../../middleware/bag/bag.js'
import { table } from '../describe-robot.js'
import { Output } from '../../app/output/output.js'
import { BagSpacing } from '../../app/inspection/topic-spacing.js'

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
  const bag = await openBag(path)
  try {
    const description = await describe(bag)
    output.result(description, text(description))
    if (bag.damage !== undefined) {
      output.progress(`prehend: ${path}: ${bag.damage}: described up to there`)
      process.exitCode = 1
    }
  } finally {
    await bag.close()
  }
}

interface TopicLine {
  readonly type: string
  readonly count: number
  readonly rateHz: number
  /** null: unknown. */
  readonly largestGapMs: number | null
  /** Of a topic that is left alone. */
  readonly encoding?: string
}

type Description = Awaited<ReturnType<typeof describe>>

/** Reads the whole bag once. */
async function describe(bag: Bag) {
  const spacing = new BagSpacing(bag)
  for await (const batch of bag.batches()) for (const message of batch) spacing.add(message)
  const topics = spacing.topics()
  const foreign = bag.foreign.map(
    ({ name, type, count, encoding }) => [name, { type, count, rateHz: 0, largestGapMs: null, encoding }] as const,
  )
  return {
    path: bag.path,
    storage: bag.storage,
    files: bag.files,
    sizeBytes: bag.size,
    start: new Epoch(bag.epochSec).format(bag.start),
    durationS: bag.durationNs / 1e9,
    messages: topics.reduce((sum, [, { count }]) => sum + count, 0),
    topics: Object.fromEntries<TopicLine>([...foreign, ...topics]),
    metadata: bag.metadata,
    records: Object.keys(bag.records),
    damage: bag.damage ?? null,
  }
}

function text({
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
}: Description): string[] {
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
