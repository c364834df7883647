import { InvalidArgumentError, Option, type Command } from 'commander'
import { MODALITIES, type Modality } from '../../fusion/observation.js'
import type { Withheld } from '../../fusion/withhold.js'
import { loadPhrases } from '../../sim/embedded/phrases.js'
import type { EpisodeResult } from '../../app/session/episodes.js'
import { loadTable } from '../../sim/objects/object-file.js'
import { cellSource } from '../../app/session/cells.js'
import { Ending } from '../../app/output/ending.js'
import { fanOut } from '../../app/evaluation/fan-out.js'
import { withoutText, type EvalOptions } from '../../app/evaluation/evaluation-options.js'
import { Progress } from '../../app/evaluation/progress.js'
import { provenanceOf } from '../../app/evaluation/provenance.js'
import { fanOutOnRay } from '../../app/evaluation/ray.js'
import { page } from '../../app/evaluation/report/page.js'
import { runShare } from '../../app/evaluation/share.js'
import { summarise, type Rate } from '../../app/evaluation/summary.js'
import { LineFile } from '../../app/output/line-file.js'
import { integer, overwrite, precision } from '../options.js'
import { Output, UsageError } from '../../app/output/output.js'
import { requireFree } from '../../app/output/outputs.js'
import { factorText } from '../../app/session/run-report.js'

interface EvalFlags extends EvalOptions {
  readonly results?: string
  readonly report?: string
  readonly ray?: string
  readonly overwrite?: boolean
  readonly json?: boolean
}

export function register(program: Command): void {
  program
    .command('eval')
    .description('the grasp benchmark: lockstep episodes on the embedded cell')
    .option('--episodes <n>', 'how many', integer(1), 50)
    .option('--seed <s>', 'of everything that is drawn', integer(0), 1)
    .option('--objects <set>', 'seen, unseen, or an objects file', 'seen')
    .option('--count <n>', 'objects on the table (default: 2 to 5, drawn)', integer(1, 5))
    .option('--phrases <file>', 'a YAML list of commands to draw from, such as "could you fetch the {name}"')
    .option('--policy <file>', 'an ONNX model with a contract, or "expert"; default: the shipped model')
    .option('--robot <file>', 'robot file or the name of a shipped one', 'cell')
    .addOption(cellSource())
    .option('--without <list>', 'taken away at the aligner, e.g. rgb,force@2s', taken, [])
    .addOption(precision())
    .option('--jobs <n>', 'processes side by side', integer(1, 256), 1)
    .addOption(
      new Option(
        '--ray <address>',
        'each episode as a task of a Ray cluster (HOST:PORT or auto), or of one started here (local)',
      ).conflicts('jobs'),
    )
    .option('--first <n>', 'index of the first episode', integer(0), 0)
    .option('--results <out>', "write each episode's result as a line of JSON (OUT.jsonl)")
    .option(
      '--report <out>',
      'write a page with rates, intervals, gate and force over time, and lost episodes as filmstrips (OUT.html)',
    )
    .addOption(overwrite())
    .addOption(new Option('--trace').hideHelp())
    .option('--json', 'the result as one JSON object')
    .action((flags: EvalFlags) => evaluate(flags))
}

/** `rgb,force@2s`: modalities, each with the episode time from which it is gone. */
function taken(text: string): Withheld[] {
  return text.split(',').map(part => {
    const [, name, seconds] = /^([a-z]+)(?:@(\d+(?:\.\d+)?)s)?$/.exec(part.trim()) ?? []
    if (!MODALITIES.includes(name as Modality))
      throw new InvalidArgumentError(`"${part}": expected one of ${MODALITIES.join(', ')}, with a time as in force@2s.`)
    return { modality: name as Modality, from: seconds === undefined ? 0 : Math.round(Number(seconds) * 1e9) }
  })
}

async function evaluate(flags: EvalFlags): Promise<void> {
  const output = new Output(flags)
  const started = performance.now()
  const ending = new Ending()
  const progress = new Progress(output, flags.episodes)
  if (process.send) {
    ending.heedParent()
    const share = await runShare(flags, progress, ending)
    if (process.connected) process.send(share)
    return
  }
  if (flags.source === 'gazebo' && (flags.jobs > 1 || flags.ray !== undefined))
    throw new UsageError(
      '--source gazebo: one world runs one episode at a time; leave ' +
        `${flags.ray === undefined ? '--jobs' : '--ray'} away`,
    )
  requireFree({ files: [flags.results, flags.report] }, flags)
  const models = loadTable(flags.objects, flags.count)
  if (flags.phrases !== undefined) loadPhrases(flags.phrases, models)
  const provenance = await provenanceOf(flags, ending.signal)
  const options: EvalOptions = { ...flags, trace: flags.report !== undefined }
  const files: LineFile[] = []
  const open = (path: string | undefined): LineFile | undefined => {
    if (path === undefined) return undefined
    const file = new LineFile(path, flags)
    files.push(file)
    return file
  }
  try {
    const lines = open(flags.results)
    const report = open(flags.report)
    const shares =
      flags.ray !== undefined
        ? await fanOutOnRay(flags.ray, options, progress, ending)
        : flags.jobs === 1
          ? [await runShare(options, progress, ending)]
          : await fanOut(options, progress, ending)
    const results = shares.flatMap(s => s.results).sort((a, b) => a.index - b.index)
    const inferences = shares.reduce((sum, s) => sum + s.inferences, 0)
    const summary = summarise(results)
    const meanInferenceMs = inferences === 0 ? 0 : shares.reduce((sum, s) => sum + s.inferenceMs, 0) / inferences
    const wallS = (performance.now() - started) / 1000
    const object = {
      ...summary,
      meanInferenceMs,
      ...provenance,
      objects: flags.objects,
      count: flags.count ?? null,
      phrases: flags.phrases ?? null,
      source: flags.source,
      without: withoutText(flags.without),
      seed: flags.seed,
      wallS,
      simulatedS: results.reduce((sum, r) => sum + r.seconds, 0),
      serial: { crcErrors: shares.reduce((sum, s) => sum + s.crcErrors, 0) },
      // Of a simulator beside us; one world runs in one share.
      ...(flags.source === 'gazebo' ? { realTimeFactor: shares[0]!.realTimeFactor } : {}),
    }
    if (results.length < flags.episodes) process.exitCode = 1
    // Neither a result nor the other file is lost where one cannot be written.
    const written = await Promise.allSettled([
      lines && writeAll(lines, results.map(resultLine)),
      report &&
        writeAll(report, [
          page({
            options,
            provenance,
            summary,
            results,
            traces: shares.flatMap(s => s.traces),
            meanInferenceMs,
            wallS,
            date: new Date(),
          }),
        ]),
    ])
    output.result(object, text(object))
    for (const file of written) if (file.status === 'rejected') throw file.reason
  } catch (error) {
    await Promise.all(files.map(file => file.discard()))
    throw error
  }
}

async function writeAll(file: LineFile, lines: readonly string[]): Promise<void> {
  for (const line of lines) await file.write(line)
  await file.close()
}

/** A line of `--results`: the fields in one order, whichever process the episode ran in. */
function resultLine({
  index,
  command,
  correction,
  target,
  fragile,
  success,
  reason,
  peakForce,
  seconds,
}: EpisodeResult): string {
  return JSON.stringify({
    index,
    command,
    correction: correction ?? null,
    target: target ?? null,
    fragile,
    success,
    reason: reason ?? null,
    peakForce,
    seconds,
  })
}

function text({
  meanInferenceMs,
  model,
  precision,
  wallS,
  simulatedS,
  realTimeFactor,
  serial,
  ...summary
}: ReturnType<typeof summarise> & {
  readonly meanInferenceMs: number
  readonly model: string
  readonly precision: string
  readonly wallS: number
  readonly simulatedS: number
  readonly realTimeFactor?: number
  readonly serial: { readonly crcErrors: number }
}): string[] {
  const {
    episodes,
    successes,
    byObject,
    failures,
    wrongObject,
    fragile,
    stops,
    corrections,
    peakForce,
    secondsToSuccess,
  } = summary
  const percent = ({ rate, wilson95 }: Rate): string =>
    `${(rate * 100).toFixed(1)} % (95 % interval ${wilson95.map(v => (v * 100).toFixed(1)).join(' to ')})`
  return [
    `${successes} of ${episodes} episodes won: ${percent(summary)}`,
    ...Object.entries(byObject)
      .sort()
      .map(([name, o]) => `  ${name}: ${o.successes} of ${o.episodes}`),
    `lost: ${
      Object.entries(failures)
        .map(([reason, n]) => `${reason} ${n}`)
        .join(', ') || 'none'
    }`,
    `wrong object lifted: ${wrongObject.episodes} of ${episodes}; fragile object crushed: ` +
      `${fragile.crushed} of ${fragile.episodes}; motion after "stop": ${stops.moved} of ` +
      `${stops.episodes}`,
    `won after a correction to another object: ${corrections.successes} of ${corrections.episodes}`,
    `time to success: p50 ${secondsToSuccess.p50.toFixed(1)} s, p99 ` +
      `${secondsToSuccess.p99.toFixed(1)} s; peak finger force then: p50 ${peakForce.p50.toFixed(0)} N, ` +
      `p99 ${peakForce.p99.toFixed(0)} N`,
    `model ${model} (${precision}), ${meanInferenceMs.toFixed(2)} ms an inference, ` +
      `${(simulatedS / wallS).toFixed(1)} simulated seconds a second`,
    ...(serial.crcErrors > 0 ? [`${serial.crcErrors} CRC errors on the gripper's wire`] : []),
    ...(realTimeFactor === undefined ? [] : [factorText(realTimeFactor)]),
  ]
}
