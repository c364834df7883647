import { spawn } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { Ending } from '../output/ending.js'
import { packageRoot } from '../package-root.js'
import type { EvalOptions } from './eval-options.js'
import { filesOf, handedOn } from './eval-registry.js'
import type { Progress } from './progress.js'
import type { Share } from './share.js'

/** A benchmark could not run on a Ray cluster. `exit` 2: bad use; 1: it failed while it ran. */
export class RayError extends Error {
  readonly code = 'RAY'
  readonly exit: 1 | 2

  constructor(message: string, exit: 1 | 2) {
    super(message)
    this.exit = exit
  }
}

/** A line of policy/training/ray_tasks.py. */
type Line =
  | { readonly done: number; readonly answers: readonly [Share] }
  | { readonly note: string }
  | { readonly failed: string }
  | { readonly refused: string }

/**
 * Runs each episode as a task of the Ray cluster at `address`, in a process of its own on a node that is free. A task
 * whose node is lost runs again. An episode's result depends on seed and index alone, not on where or how often it ran.
 * Throws RayError.
 */
export async function fanOutOnRay(
  address: string,
  options: EvalOptions,
  progress: Progress,
  ending: Ending,
): Promise<Share[]> {
  const python = process.env.PREHEND_PYTHON ?? 'python3'
  // The program runs in a session of its own, so that Ctrl-C does not reach it. This process then closes its standard
  // input, which ends it.
  const child = spawn(python, [join(packageRoot, 'policy/training/ray_tasks.py')], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', error =>
      reject(
        new RayError(
          `--ray ${address}: ${python} cannot be started (${error.message}); name a Python that has ray in ` +
            'PREHEND_PYTHON',
          2,
        ),
      ),
    )
    child.on('close', resolve)
  })
  ended.catch(() => undefined)
  // A program that no longer reads its input has given the reason on its output.
  child.stdin.on('error', () => undefined)
  child.stdin.write(`${JSON.stringify({ address, root: resolve(packageRoot), ...tasksOf(options) })}\n`)
  ending.whenAsked(() => child.stdin.end())
  const shares: Share[] = []
  let error: RayError | undefined
  for await (const text of createInterface({ input: child.stdout })) {
    const line = JSON.parse(text) as Line
    if ('done' in line) {
      const [share] = line.answers
      shares.push(share)
      share.results.forEach(result => progress.step(result))
    } else if ('note' in line) progress.note(line.note)
    else error = 'refused' in line ? new RayError(line.refused, 2) : new RayError(`eval: ${line.failed}`, 1)
  }
  child.stdin.end()
  const code = await ended
  if (error) throw error
  if (code !== 0) throw new RayError(`eval: the tasks on Ray ended with ${code}; see above`, 1)
  return shares
}

/** One task for each episode, and the files that the tasks read. */
function tasksOf(options: EvalOptions): {
  files: Record<string, string>
  tasks: { name: string; commands: object[] }[]
} {
  const files: Record<string, string> = {}
  const shipped: Record<string, string> = {}
  for (const [option, path] of Object.entries(filesOf(options))) {
    if (!existsSync(path) || !statSync(path).isFile()) continue
    const name = `${option}/${basename(path)}`
    shipped[option] = name
    files[name] = resolve(path)
    // The weights of a large ONNX model are in a second file beside it.
    if (existsSync(`${path}.data`)) files[`${name}.data`] = resolve(`${path}.data`)
  }
  const there: EvalOptions = { ...options, ...shipped }
  const tasks = Array.from({ length: options.episodes }, (_, i) => ({
    name: `episode ${options.first + i + 1}`,
    commands: [handedOn({ ...there, first: options.first + i, episodes: 1 })],
  }))
  return { files, tasks }
}
