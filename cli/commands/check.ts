import type { Command } from 'commander'
import { checkRecording, type RecordingCheck } from '../../app/inspection/bag-check.js'
import { hz } from '../../app/inspection/stream-check.js'
import { Output } from '../../app/output/output.js'
import { table } from '../../app/output/text-table.js'
import { describeRobot, robotObject } from '../../app/robot/describe-robot.js'
import { readRobot } from '../../app/robot/load-robot.js'
import { checkTools } from '../../app/session/tool-kinematics.js'
import { namespace } from '../options.js'

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
      check(file, bag, flags),
    )
}

async function check(
  file: string,
  bag: string | undefined,
  flags: { readonly namespace?: string; readonly json?: boolean },
): Promise<void> {
  const output = new Output(flags)
  const robot = readRobot(file, flags.namespace)
  await checkTools(robot, line => output.progress(line))
  const described = { file, ...robotObject(robot) }
  if (bag === undefined) {
    output.result(described, describeRobot(robot))
    return
  }
  const checked = await checkRecording(bag, robot, line => output.progress(line))
  const fits = checked.damage === null && checked.findings.every(({ lacking }) => !lacking)
  output.result({ ...described, bag: checked, fits }, [...describeRobot(robot), '', ...describeCheck(checked)])
  if (!fits) process.exitCode = 1
}

function describeCheck({
  path,
  damage,
  durationS,
  streams,
  findings,
  notices,
  observations,
}: RecordingCheck): string[] {
  const line = ({ stream, kind, text, stamps, count }: RecordingCheck['findings'][number]): string => {
    const where = stamps.length === 0 ? '' : `: at ${stamps.join(', ')}${count > stamps.length ? ', …' : ''}`
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
    ...(damage === null ? [] : ['', `damaged: ${damage}; read up to there`]),
    '',
    ...(lacking.length > 0 ? ['it lacks', ...lacking.map(line)] : ['it lacks nothing that this robot file needs']),
    ...(notes.length + notices.length > 0
      ? ['worth knowing', ...notes.map(line), ...notices.map(notice => `  ${notice}`)]
      : []),
  ]
}
