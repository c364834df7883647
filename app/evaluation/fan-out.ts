import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Ending } from '../output/ending.js'
import type { EpisodeResult } from '../session/episodes.js'
import type { EvalOptions } from './eval-options.js'
import { handedOn } from './eval-registry.js'
import type { Progress } from './progress.js'
import type { Share } from './share.js'

/** A worker process ended without its result. */
class JobError extends Error {
  readonly code = 'JOB'
  readonly exit = 1
}

const WORKER = fileURLToPath(new URL('./share-worker.js', import.meta.url))

/**
 * Splits the episodes over `jobs` worker processes, in the order of the episodes. Each worker receives its options over
 * its channel. `worker` is the program that they run.
 */
export function fanOut(
  options: EvalOptions,
  progress: Progress,
  ending: Pick<Ending, 'whenAsked'>,
  worker = WORKER,
): Promise<Share[]> {
  const parts = partsOf(options)
  const children: ChildProcess[] = []
  const run = (part: EvalOptions, job: number): Promise<Share> =>
    new Promise((resolve, reject) => {
      const child = fork(worker, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
      children.push(child)
      let answer: Share | undefined
      child.on('message', (message: Share | { readonly episode: EpisodeResult }) => {
        if ('episode' in message) progress.step(message.episode)
        else answer = message
      })
      child.on('exit', (code, signal) => {
        if (answer) resolve(answer)
        else reject(new JobError(`eval: job ${job + 1} of ${parts.length} ended with ${code ?? signal} and no result`))
      })
      // A send to a worker that has ended fails. The worker's exit code gives the reason.
      child.send(handedOn(part), () => undefined)
    })
  const shares = Promise.all(parts.map(run))
  const end = (): void => children.forEach(child => child.kill('SIGTERM'))
  // A request to end goes on to the workers. The episodes that they have finished are the result.
  ending.whenAsked(end)
  // Without one of the shares there is no result, so the other workers end.
  shares.catch(end)
  return shares
}

/** The options of each worker. No worker is without an episode. */
function partsOf(options: EvalOptions): EvalOptions[] {
  const size = Math.ceil(options.episodes / Math.min(options.jobs, options.episodes))
  return Array.from({ length: Math.ceil(options.episodes / size) }, (_, job) => ({
    ...options,
    first: options.first + job * size,
    episodes: Math.min(size, options.episodes - job * size),
  }))
}
