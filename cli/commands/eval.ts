import { Option, type Command } from 'commander'
import type { EvalOption } from '../../app/evaluation/eval-option.js'
import type { EvalOptions } from '../../app/evaluation/eval-options.js'
import { evalOptions, readEvalOptions } from '../../app/evaluation/eval-registry.js'
import { evalLines, evalResult, resultLine } from '../../app/evaluation/eval-result.js'
import { Evaluation } from '../../app/evaluation/evaluation.js'
import { ProgressLines } from '../../app/evaluation/progress.js'
import { page } from '../../app/evaluation/report/page.js'
import { Ending } from '../../app/output/ending.js'
import { LineFile } from '../../app/output/line-file.js'
import { Output } from '../../app/output/output.js'
import { requireFree } from '../../app/output/outputs.js'
import { argument, overwrite } from '../options.js'

/** What `eval` is told beside the options of the evaluation: where its result goes. */
interface OutputFlags {
  readonly results?: string
  readonly report?: string
  readonly overwrite?: boolean
  readonly json?: boolean
}

export function register(program: Command): void {
  const command = program.command('eval').description('the grasp benchmark: lockstep episodes on the embedded cell')
  for (const [name, option] of evalOptions()) {
    const flag = flagOf(name, option)
    if (flag) command.addOption(flag)
  }
  command
    .option('--results <out>', "write each episode's result as a line of JSON (OUT.jsonl)")
    .option(
      '--report <out>',
      'write a page with rates, intervals, gate and force over time, and lost episodes as filmstrips (OUT.html)',
    )
    .addOption(overwrite())
    .option('--json', 'the result as one JSON object')
    .action(({ results, report, overwrite, json, ...flags }: OutputFlags & Record<string, unknown>) =>
      evaluate(readEvalOptions({ ...flags, trace: report !== undefined }), { results, report, overwrite, json }),
    )
}

/** The flag of an option; undefined where the command line cannot ask for it. */
function flagOf(name: string, { flag, schema, ...option }: EvalOption<unknown, EvalOptions>): Option | undefined {
  if (!flag) return undefined
  const { argument: takes, help, choices, conflicts, read = (text: string) => text } = flag
  const dashed = name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
  const made = new Option(`--${dashed} ${takes}`, help)
  if (choices) made.choices(choices)
  else made.argParser(argument(schema, read))
  if (option.default !== undefined) made.default(option.default)
  return conflicts ? made.conflicts([...conflicts]) : made
}

async function evaluate(options: EvalOptions, flags: OutputFlags): Promise<void> {
  const output = new Output(flags)
  const ending = new Ending()
  ending.heedParent()
  requireFree({ files: [flags.results, flags.report] }, flags)
  const evaluation = await Evaluation.prepare(options, ending)
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
    const evaluated = await evaluation.run(new ProgressLines(output, options.episodes))
    if (evaluated.results.length < options.episodes) process.exitCode = 1
    // Neither a result nor the other file is lost where one cannot be written.
    const written = await Promise.allSettled([
      lines && writeAll(lines, evaluated.results.map(resultLine)),
      report && writeAll(report, [page({ ...evaluated, date: new Date() })]),
    ])
    output.result(evalResult(evaluated), evalLines(evaluated))
    for (const file of written) if (file.status === 'rejected') throw file.reason
  } catch (error) {
    await Promise.all(files.map(file => file.discard()))
    throw error
  } finally {
    await evaluation.close()
  }
}

async function writeAll(file: LineFile, lines: readonly string[]): Promise<void> {
  for (const line of lines) await file.write(line)
  await file.close()
}
