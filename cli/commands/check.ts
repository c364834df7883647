import type { Command } from 'commander'
import type { Robot } from '../../robots/robot.js'
import { Epoch } from '../../fusion/stamp.js'
import { openBag } from '../../middleware/bag/bag.js'
import { checkBag, type BagCheck } from '../../app/inspection/bag-check.js'
import { describeRobot, table } from '../describe-robot.js'
import { namespace } from '../options.js'
import { Output } from '../../app/output/output.js'
import { readRobot } from '../../app/robot/load-robot.js'
import { hz } from '../../app/inspection/stream-check.js'

export function register(program: Command): void {
  program
    .command('check')
    .description('explain a robot file and, given a recording, say what in it is missing, late or too slow')
    .argument('<robot>', 'a robot file, or the name of a shipped one (cell)')
    .argument('[bag]', 'a rosbag2 directory, an .mcap or a .db3')
    .option('--namespace <name>', 'where the relative topics of the robot file lie, such as /left', namespace)
    .option('--json', 'the result as one JSON object')
    .addHelpText('after', '\nExit code 0: fine, 1: the recording lacks something that the file needs, 2: bad input.')
    .action((file: string, bag: string | undefined, flags: { namespace?: string; json?: boolean }) =>
      check(readRobot(file, flags.namespace), file, bag, new Output(flags)),
    )
}

async function check(robot: Robot, file: string, path: string | undefined, output: Output): Promise<void> {
  if (path === undefined) {
    output.result(robotObject(robot, file), describeRobot(robot))
    return
  }
  const bag = await openBag(path)
  try {
    output.progress(`reading ${path}`)
    const checked = await checkBag(bag, robot)
    const report: BagReport = {
      path,
      epoch: new Epoch(checked.stampEpochSec),
      damage: bag.damage,
      durationS: bag.durationNs / 1e9,
      ...checked,
    }
    const { object, fits } = bagObject(report)
    output.result({ ...robotObject(robot, file), bag: object, fits }, [
      ...describeRobot(robot),
      '',
      ...describeBag(report),
    ])
    if (!fits) process.exitCode = 1
  } finally {
    await bag.close()
  }
}

interface BagReport extends BagCheck {
  readonly path: string
  readonly epoch: Epoch
  readonly damage: string | undefined
  readonly durationS: number
}

/** The canonical robot (SI, s), with its file and sha256. */
function robotObject(robot: Robot, file: string): object {
  return { file, sha256: robot.sha256, ...(JSON.parse(robot.canonical) as object) }
}

function bagObject({ path, epoch, damage, durationS, streams, findings, notices, observations }: BagReport): {
  object: object
  fits: boolean
} {
  const fits = damage === undefined && findings.every(({ lacking }) => !lacking)
  const told = findings.map(finding => ({ ...finding, stamps: finding.stamps.map(stamp => epoch.format(stamp)) }))
  return { fits, object: { path, durationS, damage: damage ?? null, observations, streams, findings: told, notices } }
}

function describeBag({
  path,
  epoch,
  damage,
  durationS,
  streams,
  findings,
  notices,
  observations,
}: BagReport): string[] {
  const line = ({ stream, kind, text, stamps, count }: BagCheck['findings'][number]): string => {
    const listed = stamps.map(stamp => epoch.format(stamp)).join(', ')
    const where = listed === '' ? '' : `: at ${listed}${count > stamps.length ? ', …' : ''}`
    return `  ${stream}: ${kind.replaceAll('_', ' ')}: ${text}${where}`
  }
  const lacking = findings.filter(finding => finding.lacking)
  const notes = findings.filter(finding => !finding.lacking)
  return [
    `recording ${path}, ${durationS.toFixed(3)} s: ${observations} observations`,
    ...table([
      ['name', 'messages', 'rate', 'delay mean', 'delay max'],
      ...Object.entries(streams).map(([name, { count, rateHz, delayMs }]) => [
        name,
        String(count),
        count > 1 ? hz(rateHz) : '-',
        ...(delayMs ? [`${delayMs.mean.toFixed(3)} ms`, `${delayMs.max.toFixed(3)} ms`] : ['-', '-']),
      ]),
    ]),
    ...(damage === undefined ? [] : ['', `damaged: ${damage}; read up to there`]),
    '',
    ...(lacking.length > 0 ? ['it lacks', ...lacking.map(line)] : ['it lacks nothing that this robot file needs']),
    ...(notes.length + notices.length > 0
      ? ['worth knowing', ...notes.map(line), ...notices.map(notice => `  ${notice}`)]
      : []),
  ]
}
