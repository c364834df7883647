import { once } from 'node:events'
import { Ending } from '../output/ending.js'
import { UsageError } from '../output/output.js'
import { runProgram } from '../output/program.js'
import { standardStreams } from '../output/standard-streams.js'
import { loadPolicyUnderTest } from './policy-under-test.js'
import { readEvalOptions } from './eval-registry.js'
import type { Progress } from './progress.js'
import { runShare } from './share.js'

/**
 * The program of a process that runs a part of a benchmark. Its parent is `eval --jobs` or a task of
 * policy/training/ray_tasks.py. The parent sends the options over the channel (Node's, messages as JSON). The program
 * answers with `{ episode }` after each episode and at last with the Share. It ends when its parent does.
 */
const toParent: Progress = {
  step: episode => tell({ episode }),
  note: line => standardStreams.say('stderr', [line]),
}

function tell(message: object): void {
  if (process.connected) process.send?.(message)
}

/** The first message of the parent. */
async function received(): Promise<unknown> {
  if (!process.send) throw new UsageError('share-worker: is started by `prehend eval` alone')
  // The parent may have ended before this listener was there.
  const gone = process.connected ? once(process, 'disconnect') : Promise.resolve([])
  const [message] = (await Promise.race([once(process, 'message'), gone])) as unknown[]
  if (message === undefined) throw new UsageError('share-worker: its parent ended before it said what to run')
  return message
}

standardStreams.guard()
await runProgram(async () => {
  const ending = new Ending()
  const data = await received()
  ending.endWithParent()
  const options = readEvalOptions(data)
  const share = await runShare(options, await loadPolicyUnderTest(options, ending.signal), toParent, ending)
  tell(share)
})
