import { Option, type Command } from 'commander'
import type { EvalOption } from '../../app/evaluation/eval-option.js'
import type { EvalOptions } from '../../app/evaluation/eval-options.js'
import { evalOptions, readEvalOptions } from '../../app/evaluation/eval-registry.js'
import { evaluate, type EvalOutputs } from '../../app/evaluation/evaluate.js'
import { Output } from '../../app/output/output.js'
import { argument, overwrite } from '../options.js'

interface OutputFlags extends EvalOutputs {
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
      runEvaluation(readEvalOptions({ ...flags, trace: report !== undefined }), { results, report, overwrite, json }),
    )
}

/** The flag of an option. Undefined where the option has none. */
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

async function runEvaluation(options: EvalOptions, flags: OutputFlags): Promise<void> {
  const output = new Output(flags)
  const { object, lines, isComplete, unwritten } = await evaluate(options, flags, line => output.progress(line))
  output.result(object, lines)
  if (!isComplete) process.exitCode = 1
  if (unwritten.length > 0) throw unwritten[0]
}
