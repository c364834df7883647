import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { EpisodeResult } from '../session/episodes.js'
import type { Ending } from '../output/ending.js'
import { withoutText, type EvalOptions } from './evaluation-options.js'
import type { Progress } from './progress.js'
import type { Share } from './share.js'

/** One of the processes ended without its result. */
class JobError extends Error {
  readonly code = 'JOB'
  readonly exit = 1
}

/** Splits the episodes into `jobs` processes of this very command, in the order of the episodes. */
export function fanOut(options: EvalOptions, progress: Progress, ending: Ending): Promise<Share[]> {
  const jobs = Math.min(options.jobs, options.episodes)
  const size = Math.ceil(options.episodes / jobs)
  const main = fileURLToPath(new URL('../../cli/main.js', import.meta.url))
  const children: ChildProcess[] = []
  const shares = Promise.all(
    Array.from(
      { length: jobs },
      (_, job) =>
        new Promise<Share>((resolve, reject) => {
          const first = options.first + job * size
          const episodes = Math.min(size, options.first + options.episodes - first)
          if (episodes <= 0)
            return resolve({ results: [], traces: [], inferenceMs: 0, inferences: 0, realTimeFactor: 0, crcErrors: 0 })
          const child = fork(main, argumentsOf({ ...options, first, episodes }), {
            stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
          })
          children.push(child)
          let answer: Share | undefined
          child.on('message', (message: Share | { readonly episode: EpisodeResult }) => {
            if ('episode' in message) progress.step(message.episode)
            else answer = message
          })
          child.on('exit', (code, signal) => {
            if (answer) resolve(answer)
            else reject(new JobError(`eval: job ${job + 1} of ${jobs} ended with ${code ?? signal} and no result`))
          })
        }),
    ),
  )
  const end = (): void => children.forEach(child => child.kill('SIGTERM'))
  // What ends this process ends its jobs; what they have done until then is the result.
  ending.whenAsked(end)
  // Without one of the shares the others are of no use.
  shares.catch(end)
  return shares
}

/** The command line that runs one process's share. */
export function argumentsOf({
  first,
  episodes,
  seed,
  objects,
  robot,
  source,
  count,
  phrases,
  policy,
  without,
  precision,
  trace,
}: EvalOptions): string[] {
  return [
    'eval',
    '--first',
    String(first),
    '--episodes',
    String(episodes),
    '--seed',
    String(seed),
    '--objects',
    objects,
    '--robot',
    robot,
    '--source',
    source,
    ...(precision === undefined ? [] : ['--precision', precision]),
    ...(count === undefined ? [] : ['--count', String(count)]),
    ...(phrases === undefined ? [] : ['--phrases', phrases]),
    ...(policy === undefined ? [] : ['--policy', policy]),
    ...(without.length === 0 ? [] : ['--without', withoutText(without)]),
    ...(trace ? ['--trace'] : []),
  ]
}
