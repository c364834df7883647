import { Ending } from '../output/ending.js'
import { LineFile } from '../output/line-file.js'
import type { Report } from '../output/output.js'
import { requireFree } from '../output/outputs.js'
import type { EvalOptions } from './eval-options.js'
import { evalLines, evalResult, resultLine } from './eval-result.js'
import { Evaluation } from './evaluation.js'
import { ProgressLines } from './progress.js'
import { page } from './report/page.js'

/** Where the result of an evaluation goes. */
export interface EvalOutputs {
  /** A file with each episode's result as a line of JSON. */
  readonly results?: string
  /** A page of HTML. */
  readonly report?: string
  readonly overwrite?: boolean
}

/** `isComplete`: all episodes were run. `unwritten`: why files could not be written, an error each. */
export interface EvalOutcome extends Report {
  readonly isComplete: boolean
  readonly unwritten: readonly unknown[]
}

/**
 * `prehend eval`: runs the episodes and writes the files that were asked for. A file that cannot be written costs
 * neither the result nor the other file. Throws UsageError, RobotError, PolicyError or MissingPackageError before the
 * first episode where what was asked for cannot be done.
 */
export async function evaluate(
  options: EvalOptions,
  outputs: EvalOutputs,
  progress: (line: string) => void,
): Promise<EvalOutcome> {
  const ending = new Ending()
  ending.endWithParent()
  requireFree({ files: [outputs.results, outputs.report] }, outputs)
  const evaluation = await Evaluation.prepare(options, ending)
  const files: LineFile[] = []
  const open = (path: string | undefined): LineFile | undefined => {
    if (path === undefined) return undefined
    const file = new LineFile(path, outputs)
    files.push(file)
    return file
  }
  const discard = async (): Promise<void> => {
    await Promise.all(files.map(file => file.discard()))
  }
  try {
    const lines = open(outputs.results)
    const report = open(outputs.report)
    const evaluated = await evaluation.run(new ProgressLines(progress, options.episodes))
    const written = await Promise.allSettled([
      lines && writeAll(lines, evaluated.results.map(resultLine)),
      report && writeAll(report, [page({ ...evaluated, date: new Date() })]),
    ])
    const unwritten = written.flatMap(file => (file.status === 'rejected' ? [file.reason as unknown] : []))
    if (unwritten.length > 0) await discard()
    return {
      object: evalResult(evaluated),
      lines: evalLines(evaluated),
      isComplete: evaluated.results.length >= options.episodes,
      unwritten,
    }
  } catch (error) {
    await discard()
    throw error
  } finally {
    await evaluation.close()
  }
}

async function writeAll(file: LineFile, lines: readonly string[]): Promise<void> {
  for (const line of lines) await file.write(line)
  await file.close()
}
