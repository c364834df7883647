import type { Command } from 'commander'
import { Output } from '../../app/output/output.js'
import { replayRecording, type RecordingOptions, type ReplayResult } from '../../app/replay/replay-recording.js'
import { duration, encoder, namespace, overwrite, rate } from '../options.js'

interface ReplayFlags extends RecordingOptions {
  readonly json?: boolean
}

export function register(program: Command): void {
  program
    .command('replay')
    .description('a recorded bag through the aligner and the policy')
    .argument('<bag>', 'a rosbag2 directory, an .mcap or a .db3')
    .option(
      '--robot <file>',
      'robot file; without it the one in the recording, else streams are recognised by type and name',
    )
    .option('--namespace <name>', 'where the relative topics of the robot file lie, such as /left', namespace)
    .option('--rate <n>', 'times real time, or max', rate, 1)
    .option('--policy <file>', 'an ONNX model with a contract; default: the shipped one, where it fits the robot file')
    .addOption(encoder())
    .option('--no-policy', 'align only')
    .option('--tare <time>', 'average the wrench over its first moments and subtract that, e.g. "500 ms"', duration)
    .option(
      '--out <file>',
      "write the recording again, as MCAP, with the policy's action chunks in the place of recorded ones",
    )
    .option('--observations <file>', 'write one JSON line an observation')
    .addOption(overwrite())
    .option('--json', 'the result as one JSON object')
    .action((bag: string, flags: ReplayFlags) => replay(bag, flags))
}

async function replay(bag: string, flags: ReplayFlags): Promise<void> {
  const output = new Output(flags)
  const { result, complaints } = await replayRecording(bag, flags, line => output.progress(line))
  output.result(result, summary(result, flags))
  for (const complaint of complaints) output.progress(`prehend: ${bag}: ${complaint}`)
  if (complaints.length > 0) process.exitCode = 1
}

function summary(result: ReplayResult, flags: ReplayFlags): string[] {
  const dropped = Object.entries(result.dropped)
    .filter(([, n]) => n > 0)
    .map(([reason, n]) => `${reason} ${n}`)
    .join(', ')
  return [
    ...Object.entries(result.topics).map(
      ([name, t]) => `  ${name}  ${t.type}  ${t.count} messages, ${t.rateHz.toFixed(1)} Hz`,
    ),
    `${result.observations} observations from ${result.durationS.toFixed(3)} s (${result.incomplete} ` +
      `incomplete), ${result.timesRealTime.toFixed(1)} times real time`,
    `dropped: ${dropped === '' ? 'nothing' : dropped}`,
    `policy: ${result.policy ?? 'none'}`,
    `sha256 of all observations: ${result.sha256}`,
    ...(flags.observations === undefined ? [] : [`lines: ${flags.observations}`]),
    ...(flags.out === undefined ? [] : [`recording: ${flags.out}`]),
  ]
}
