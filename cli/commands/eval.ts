import { fork, type ChildProcess } from 'node:child_process'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { InvalidArgumentError } from 'commander'
import { MODALITIES, type Modality } from '../../fusion/observation.js'
import { OnnxPolicy } from '../../fusion/policy/onnx-policy.js'
import type { Withheld } from '../../fusion/withhold.js'
import type { EpisodeResult } from '../../sim/episodes.js'
import { loadTable } from '../../sim/objects/object-file.js'
import { CellLoop } from '../cell-loop.js'
import { shippedModel } from '../models.js'
import { integer } from '../options.js'
import { Ending } from '../ending.js'
import { Output, UsageError } from '../output.js'
import { wilson95 } from '../percentiles.js'
import { EXPERT, policyMaker } from '../policies.js'
import { readRobot } from '../robot-file.js'

interface EvalFlags {
  episodes: number
  seed: number
  objects: string
  count?: number
  policy?: string
  robot: string
  without: Withheld[]
  precision: string
  jobs: number
  first: number
  json?: boolean
}

/** What one process tells the one that asked it. */
interface Share {
  readonly results: EpisodeResult[]
  readonly inferenceMs: number
  readonly inferences: number
}

export function register(program: Command): void {
  program
    .command('eval')
    .description('the grasp benchmark: lockstep episodes on the embedded cell')
    .option('--episodes <n>', 'how many', integer(1), 50)
    .option('--seed <s>', 'of everything that is drawn', integer(0), 1)
    .option('--objects <set>', 'seen, unseen, or an objects file', 'seen')
    .option('--count <n>', 'objects on the table (default: 2 to 5, drawn)', integer(1, 5))
    .option('--policy <file>', 'an ONNX model with a contract, or "expert"; default: the shipped model')
    .option('--robot <file>', 'robot file or the name of a shipped one', 'cell')
    .option('--without <list>', 'taken away at the aligner, e.g. rgb,force@2s', taken, [])
    .option('--precision <p>', 'fp32 (int8: this version ships no such model)', 'fp32')
    .option('--jobs <n>', 'processes side by side', integer(1), 1)
    .option('--first <n>', 'index of the first episode', integer(0), 0)
    .option('--json', 'the result as one JSON object')
    .action((flags: EvalFlags) => evaluate(flags))
}

/** `rgb,force@2s`: modalities, each with the episode time from which it is gone. */
function taken(text: string): Withheld[] {
  return text.split(',').map(part => {
    const [, name, seconds] = /^([a-z]+)(?:@(\d+(?:\.\d+)?)s)?$/.exec(part.trim()) ?? []
    if (!MODALITIES.includes(name as Modality)) throw new InvalidArgumentError(`"${part}": expected one of ${MODALITIES.join(', ')}, with a time as in force@2s.`)
    return { modality: name as Modality, from: seconds === undefined ? 0 : Math.round(Number(seconds) * 1e9) }
  })
}

async function evaluate(flags: EvalFlags): Promise<void> {
  const output = new Output(flags)
  if (flags.precision !== 'fp32') throw new UsageError(`--precision ${flags.precision}: expected fp32; this version ships no other model`)
  const started = performance.now()
  const ending = new Ending()
  const progress = new Progress(output, flags.episodes)
  const shares = flags.jobs === 1 ? [await share(flags, progress, ending)] : await fanOut(flags, progress, ending)
  if (process.send) {
    if (process.connected) process.send(shares[0])
    return
  }
  const results = shares.flatMap(s => s.results).sort((a, b) => a.index - b.index)
  const inferences = shares.reduce((sum, s) => sum + s.inferences, 0)
  const successes = results.filter(r => r.success).length
  const byObject: Record<string, { episodes: number; successes: number }> = {}
  const failures: Record<string, number> = {}
  for (const result of results) {
    const entry = (byObject[result.target ?? '(stop)'] ??= { episodes: 0, successes: 0 })
    entry.episodes++
    if (result.success) entry.successes++
    else failures[result.reason ?? 'unknown'] = (failures[result.reason ?? 'unknown'] ?? 0) + 1
  }
  const object = {
    episodes: results.length, successes, rate: results.length === 0 ? 0 : successes / results.length, wilson95: wilson95(successes, results.length), byObject, failures,
    meanInferenceMs: inferences === 0 ? 0 : shares.reduce((sum, s) => sum + s.inferenceMs, 0) / inferences,
    model: flags.policy === EXPERT ? EXPERT : basename(flags.policy ?? shippedModel()), precision: flags.precision, objects: flags.objects, seed: flags.seed,
    wallS: (performance.now() - started) / 1000, simulatedS: results.reduce((sum, r) => sum + r.seconds, 0),
  }
  if (results.length < flags.episodes) process.exitCode = 1
  output.result(object, [
    `${successes} of ${results.length} episodes won: ${(object.rate * 100).toFixed(1)} % (95 % interval ${object.wilson95.map(v => (v * 100).toFixed(1)).join(' to ')})`,
    ...Object.entries(byObject).sort().map(([name, o]) => `  ${name}: ${o.successes} of ${o.episodes}`),
    `lost: ${Object.entries(failures).map(([reason, n]) => `${reason} ${n}`).join(', ') || 'none'}`,
    `model ${object.model} (${object.precision}), ${object.meanInferenceMs.toFixed(2)} ms an inference, ${(object.simulatedS / object.wallS).toFixed(1)} simulated seconds a second`,
  ].join('\n'))
}

/** Runs this process's episodes. */
async function share(flags: EvalFlags, progress: Progress, ending: Ending): Promise<Share> {
  const robot = await readRobot(flags.robot)
  const policy = await policyMaker(flags.policy, robot)
  const faults = new Set<string>()
  const loop = await CellLoop.start({
    robot, seed: flags.seed, objects: flags.objects, count: flags.count, mode: 'lockstep', policy, without: flags.without,
    onError: error => faults.add(error instanceof Error ? error.message : String(error)),
  })
  const results: EpisodeResult[] = []
  ending.whenAsked(() => void loop.interrupt())
  try {
    for (let index = flags.first; index < flags.first + flags.episodes && !loop.interrupted; index++) {
      const result = await loop.episode(index)
      if (!result || result.reason === 'interrupted') break
      results.push(result)
      progress.step(result)
    }
  } finally {
    await loop.close()
  }
  for (const fault of faults) progress.note(`fault: ${fault}`)
  const ms = loop.fusion.inferenceMs
  return { results, inferenceMs: ms.reduce((sum, v) => sum + v, 0), inferences: ms.length }
}

/** Says what is wrong with the input once, before any process is started. */
async function check(flags: EvalFlags): Promise<void> {
  const robot = readRobot(flags.robot)
  loadTable(flags.objects, flags.count)
  if (flags.policy !== EXPERT) await (await OnnxPolicy.load(flags.policy ?? shippedModel(), robot)).close()
}

/** Splits the episodes into `jobs` processes of this very command. */
async function fanOut(flags: EvalFlags, progress: Progress, ending: Ending): Promise<Share[]> {
  await check(flags)
  const jobs = Math.min(flags.jobs, flags.episodes)
  const size = Math.ceil(flags.episodes / jobs)
  const main = fileURLToPath(new URL('../main.js', import.meta.url))
  const children: ChildProcess[] = []
  const shares = Promise.all(Array.from({ length: jobs }, (_, job) => new Promise<Share>((resolve, reject) => {
    const first = flags.first + job * size
    const episodes = Math.min(size, flags.first + flags.episodes - first)
    if (episodes <= 0) return resolve({ results: [], inferenceMs: 0, inferences: 0 })
    const args = ['eval', '--first', String(first), '--episodes', String(episodes), '--seed', String(flags.seed), '--objects', flags.objects, '--robot', flags.robot,
      ...(flags.count === undefined ? [] : ['--count', String(flags.count)]),
      ...(flags.policy === undefined ? [] : ['--policy', flags.policy]),
      ...(flags.without.length === 0 ? [] : ['--without', flags.without.map(t => `${t.modality}@${t.from / 1e9}s`).join(',')])]
    const child = fork(main, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    children.push(child)
    let answer: Share | undefined
    child.on('message', (message: Share | { readonly episode: EpisodeResult }) => {
      if ('episode' in message) progress.step(message.episode)
      else answer = message
    })
    child.on('exit', code => {
      if (answer) resolve(answer)
      else reject(new Error(`eval: job ${job + 1} of ${jobs} ended with ${code} and no result`))
    })
  })))
  // What ends this process ends its jobs; what they have done until then is the result.
  ending.whenAsked(() => children.forEach(child => child.kill('SIGTERM')))
  return shares
}

class Progress {
  readonly #output: Output
  readonly #total: number
  #done = 0
  #won = 0

  constructor(output: Output, total: number) {
    this.#output = output
    this.#total = total
  }

  /** A process that was started by another tells that one. */
  step(episode: EpisodeResult): void {
    if (process.send) return void (process.connected && process.send({ episode }))
    this.#done++
    if (episode.success) this.#won++
    this.#output.progress(`${this.#done}/${this.#total} won ${this.#won}  episode ${episode.index + 1}: "${episode.command}" ${episode.success ? 'won' : episode.reason}`)
  }

  note(line: string): void {
    this.#output.progress(line)
  }
}
