import type { Command } from 'commander'
import color from 'picocolors'
import { occurred } from '../../fusion/counters.js'
import { ObservationDigest, pixelSums } from '../../fusion/observation-line.js'
import { OnnxPolicy } from '../../fusion/policy/onnx-policy.js'
import type { Robot } from '../../fusion/robot/robot.js'
import { isResume, isStop } from '../../middleware/stop-word.js'
import { modelNamed } from '../../sim/cell/episode.js'
import { loadObjects } from '../../sim/objects/object-file.js'
import { CellLoop, type EpisodeResult } from '../cell-loop.js'
import { Demonstration } from '../demonstration.js'
import { LiveView } from '../live-view.js'
import { shippedModel } from '../models.js'
import { amount, integer } from '../options.js'
import { Output, UsageError } from '../output.js'
import { spread } from '../percentiles.js'
import { EXPERT, policyMaker } from '../policies.js'
import { Ros2Loop } from '../ros2-loop.js'
import { readRobot } from '../robot-file.js'
import { onEnding } from '../signals.js'
import { TypedVoice } from '../typed-voice.js'

interface RunFlags {
  source: string
  robot?: string
  episodes?: number
  port?: string
  seed: number
  policy?: string
  say?: string
  objects: string
  lockstep?: boolean
  record?: string
  demonstrate?: boolean
  perturb: number
  json?: boolean
}

export function register(program: Command): void {
  program
    .command('run')
    .description('the loop: sensors, alignment, policy, gripper')
    .option('--source <name>', 'where the sensors are: sim (the embedded cell) or ros2 (topics)', 'sim')
    .option('--robot <file>', 'robot file or the name of a shipped one', 'cell')
    .option('--episodes <n>', 'how many (default: 1; with --source ros2: until Ctrl-C, else until so many results were published)', integer(1))
    .option('--seed <s>', 'of everything that is drawn', integer(0), 1)
    .option('--policy <file>', 'an ONNX model with a contract, or "expert" (the cell\'s scripted one); default: the shipped model')
    .option('--say <text>', 'said at each episode\'s start instead of the drawn command')
    .option('--port <path>', 'the gripper\'s serial port, instead of the robot file\'s')
    .option('--objects <set>', 'seen, unseen, or an objects file', 'seen')
    .option('--lockstep', 'simulated time advances only once the loop has answered; nothing typed is heard')
    .option('--record <out>', 'write all sensors, events and commands as a rosbag2 recording (OUT.mcap, or a folder OUT)')
    .option('--demonstrate', 'record the expert\'s answer to every observation beside the policy\'s (for training)')
    .option('--perturb <sigma>', 'with --demonstrate: disturb the tool by smooth noise of this size, m', amount, 0)
    .option('--json', 'the result as one JSON object')
    .action((flags: RunFlags) => flags.source === 'ros2' ? runOnTopics(flags) : run({ ...flags, episodes: flags.episodes ?? 1 }))
}

const SOURCES: Record<string, string> = {
  gazebo: 'needs the Gazebo backend, which this version does not have',
  bag: 'is `prehend replay BAG`',
}

async function run(flags: RunFlags & { readonly episodes: number }): Promise<void> {
  const output = new Output(flags)
  if (flags.source !== 'sim') throw new UsageError(`--source ${flags.source}: ${SOURCES[flags.source] ?? 'is not known; expected sim or ros2'}`)
  const robot = withPort(readRobot(flags.robot), flags.port)
  if (flags.say !== undefined) checkCommand(flags.say, flags.objects)
  let ending = false
  let end: () => void = () => undefined
  const interrupt = (): void => {
    if (ending) process.exit(1)
    ending = true
    end()
  }
  const signals = onEnding(interrupt)
  const policy = await policyMaker(flags.policy, robot)
  const demonstration = flags.demonstrate ? new Demonstration(robot, { sigma: flags.perturb, seed: flags.seed }) : undefined
  const errors = new ErrorTally(output)
  const digest = new ObservationDigest()
  output.progress(`starting the cell (seed ${flags.seed}, ${flags.objects} objects, ${flags.lockstep ? 'lockstep' : 'real time'}) ...`)
  const loop = await CellLoop.start({
    robot, seed: flags.seed, objects: flags.objects, mode: flags.lockstep ? 'lockstep' : 'realtime', say: flags.say, record: flags.record,
    policy: async cell => demonstration ? demonstration.wrap(await policy(cell), cell) : policy(cell),
    onObservation: (observation, bus) => {
      digest.add(observation)
      demonstration?.label(observation, bus)
    },
    onError: error => errors.add(error),
  })
  const results: EpisodeResult[] = []
  const started = performance.now()
  const busStarted = loop.bus.clock.now()
  const watch = process.stdout.isTTY && !output.json && !flags.lockstep
  const standing = new Standing()
  const voice = flags.lockstep ? undefined : new TypedVoice(line => {
    loop.say(line)
    standing.hear(line)
  }, interrupt, { raw: watch })
  end = () => {
    void loop.interrupt()
    standing.giveUp()
  }
  if (ending) end()
  if (voice) voice.onEnd = () => standing.giveUp()
  const live = watch ? new LiveView(() => viewOf(loop, results, voice?.typing ?? '')) : undefined
  if (live) errors.tell = line => live.note(color.yellow(line))
  const tell = (line: string): void => live ? live.note(line) : output.progress(line)
  try {
    for (let index = 0; index < flags.episodes && !loop.interrupted; index++) {
      const episode = await loop.episode(index)
      const result: EpisodeResult = standing.isStopped ? { ...episode, success: false, reason: 'stopped' } : episode
      results.push(result)
      if (!live) output.progress(episodeLine(result))
      if (!standing.isStopped || index + 1 === flags.episodes) continue
      tell('stopped: "resume" goes on with the next episode, Ctrl-C ends')
      if (!await standing.resumed(voice?.ended !== false)) break
    }
  } finally {
    live?.close()
    errors.tell = undefined
    voice?.close()
    await loop.close()
    signals.dispose()
  }
  const finished = results.filter(r => r.reason !== 'interrupted')
  const time = flags.lockstep
    ? { simulatedS: (loop.bus.clock.now() - busStarted) / 1e9 } : { wallS: (performance.now() - started) / 1000, overruns: loop.cell.stats.overruns }
  const object = { ...resultOf(loop, finished, digest.digest()), ...time }
  output.result(object, summary(object, results))
  if (finished.length < flags.episodes) process.exitCode = 1
}

/** Fusion and control on ROS 2 topics, until Ctrl-C or so many results. */
async function runOnTopics(flags: RunFlags): Promise<void> {
  const output = new Output(flags)
  if (flags.lockstep || flags.demonstrate) throw new UsageError('--source ros2: lockstep and demonstrations need the embedded cell (--source sim)')
  if (flags.policy === EXPERT) throw new UsageError('--policy expert: looks into the embedded cell, which --source ros2 has not; name a model')
  let end: () => void = () => undefined
  const ended = new Promise<void>(resolve => {
    end = resolve
  })
  const signals = onEnding(() => end())
  const robot = withPort(readRobot(flags.robot), flags.port)
  const errors = new ErrorTally(output)
  const digest = new ObservationDigest()
  let digested = Promise.resolve()
  const results: EpisodeResult[] = []
  output.progress(`starting on ROS 2 topics (robot file ${robot.name}) ...`)
  const loop = await Ros2Loop.start({
    robot, policy: await OnnxPolicy.load(flags.policy ?? shippedModel(), robot), record: flags.record,
    onObservation: observation => {
      const sums = pixelSums(observation)
      digested = digested.then(async () => void digest.add(observation, await sums))
    },
    onResult: result => {
      results.push(result)
      output.progress(episodeLine(result))
      if (results.length === flags.episodes) end()
    },
    onError: error => errors.add(error),
    onWarning: text => errors.add(text),
  })
  const started = performance.now()
  const voice = new TypedVoice(line => loop.say(line), end, { raw: false })
  if (flags.say !== undefined) loop.say(flags.say)
  await ended
  await loop.interrupt()
  voice.close()
  await loop.close()
  signals.dispose()
  await digested
  const object = { ...resultOf(loop, results, digest.digest()), wallS: (performance.now() - started) / 1000 }
  output.result(object, summary(object, results))
  if (flags.episodes !== undefined && results.length < flags.episodes) process.exitCode = 1
}

function withPort(robot: Robot, path: string | undefined): Robot {
  const { gripper } = robot.actions
  if (path === undefined) return robot
  if (!gripper) throw new UsageError(`--port ${path}: robot ${robot.name} has no gripper`)
  return { ...robot, actions: { ...robot.actions, gripper: { ...gripper, port: { ...gripper.port, path } } } }
}

/** Whether a person has said "stop" and nobody has said "resume" since: no episode begins in between. */
class Standing {
  isStopped = false
  #answer: ((goOn: boolean) => void) | undefined

  hear(line: string): void {
    if (isStop(line)) this.isStopped = true
    else if (isResume(line)) {
      this.isStopped = false
      this.#answer?.(true)
    }
  }

  /** Nobody will say "resume" any more. */
  giveUp(): void {
    this.#answer?.(false)
  }

  /** True once "resume" was said; false when it cannot come any more. `silent`: it cannot already. */
  resumed(silent: boolean): Promise<boolean> {
    if (silent) return Promise.resolve(false)
    return new Promise(resolve => {
      this.#answer = resolve
    })
  }
}

/** Something that can be meant: an object of the set by name or by a colour that is its alone, or a stop. */
function checkCommand(say: string, objects: string): void {
  const models = loadObjects(objects)
  if (isStop(say) || modelNamed(say, models)) return
  throw new UsageError(`--say "${say}": names none of the ${objects} objects; they are ${models.map(({ name }) => name).join(', ')}`)
}

function resultOf(loop: CellLoop | Ros2Loop, results: readonly EpisodeResult[], observationsSha256: string) {
  const { meters, fusion, voice, gripperStats, control } = loop
  const latency = spread(loop.latencies)
  const ms = (ns: number): number => Math.round(ns / 1e3) / 1e3
  return {
    episodes: results.length,
    successes: results.filter(r => r.success).length,
    failures: tally(results.filter(r => !r.success).map(r => r.reason ?? 'unknown')),
    rgbFrames: meters.rgb.count,
    depthFrames: meters.depth.count,
    forceSamples: meters.wrench.count,
    voiceEvents: voice.events,
    observations: fusion.aligner.counters.observations,
    observationsSha256,
    incomplete: fusion.aligner.counters.incomplete,
    held: fusion.aligner.counters.held,
    dropped: occurred(fusion.aligner.counters.dropped) as Record<string, number>,
    chunks: meters.chunk.count,
    policySkipped: fusion.skipped,
    latencyMs: { p50: ms(latency.p50), p99: ms(latency.p99), max: ms(latency.max) },
    ratesHz: { rgb: meters.rgb.mean, depth: meters.depth.mean, wrench: meters.wrench.mean },
    widestStepMs: { rgb: ms(meters.rgb.widest), wrench: ms(meters.wrench.widest) },
    serial: { framesSent: gripperStats.framesSent, framesReceived: gripperStats.framesReceived, crcErrors: gripperStats.crcErrors, timeouts: gripperStats.timeouts },
    guard: { overForce: control.guard.trips, watchdog: control.watchdog.trips, stops: control.stops, refusedChunks: control.refused },
    policy: loop.policyName,
  }
}

function tally(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1
  return counts
}

/** A grasp, or an episode in which somebody or the script says stop and everything has to stand. */
function outcomeOf({ success, reason, target, command }: EpisodeResult): string {
  if (reason === 'stopped') return 'stopped'
  if (success) return target === undefined || isStop(command) ? 'stood still after "stop"' : 'won'
  return `lost (${reason ?? 'unknown'})`
}

function episodeLine(result: EpisodeResult): string {
  return `episode ${result.index + 1}: "${result.command}": ${outcomeOf(result)} after ${result.seconds.toFixed(1)} s, peak finger force ${result.peakForce.toFixed(0)} N`
}

function summary(result: ReturnType<typeof resultOf>, results: readonly EpisodeResult[]): string {
  const mark = (won: boolean): string => (won ? color.green('✔') : color.red('✘'))
  const dropped = Object.entries(result.dropped).filter(([, n]) => n > 0).map(([reason, n]) => `${reason} ${n}`).join(', ')
  const { latencyMs: l, ratesHz: r, widestStepMs: w, serial: s } = result
  return [
    '',
    ...results.map(e => `  ${mark(e.success)} "${e.command}"  ${outcomeOf(e)}  (${e.seconds.toFixed(1)} s, peak finger force ${e.peakForce.toFixed(0)} N)`),
    '',
    `  episodes ${result.successes} of ${result.episodes} won${Object.keys(result.failures).length === 0 ? '' : `; lost: ${Object.entries(result.failures).map(([k, n]) => `${k} ${n}`).join(', ')}`}   (${result.policy})`,
    `  rates    rgb-d ${r.rgb.toFixed(2)} Hz (widest step ${w.rgb.toFixed(1)} ms)   wrench ${r.wrench.toFixed(1)} Hz (widest step ${w.wrench.toFixed(1)} ms)`,
    `  aligned  ${result.observations} observations of ${result.rgbFrames} frames (${result.incomplete} incomplete), ${result.chunks} chunks, ${result.policySkipped} skipped; dropped: ${dropped === '' ? 'nothing' : dropped}`,
    `  latency  reference stamp to last serial byte: p50 ${l.p50.toFixed(1)} ms, p99 ${l.p99.toFixed(1)} ms, max ${l.max.toFixed(1)} ms`,
    `  serial   ${s.framesSent} frames sent, ${s.framesReceived} received, ${s.crcErrors} CRC errors, ${s.timeouts} timeouts`,
    `  guards   ${result.guard.overForce} over-force, ${result.guard.stops} stops, watchdog ${Object.entries(result.guard.watchdog).map(([k, n]) => `${k} ${n}`).join(', ')}`,
  ].join('\n')
}

function viewOf(loop: CellLoop, results: readonly EpisodeResult[], typing: string) {
  const { meters, control } = loop
  const latest = loop.latencies.at(-1) ?? 0
  return {
    title: `prehend  ${loop.policyName}`,
    rgbHz: meters.rgb.recent, wrenchHz: meters.wrench.recent, chunkHz: meters.chunk.recent, latencyMs: latest / 1e6,
    force: control.guard.force, contact: control.limits.contact, overForce: control.limits.overForce, contactState: control.guard.state,
    gate: control.gate, widthMm: (control.status?.width ?? 0) * 1000, gripper: control.status?.object ?? '', hold: control.hold, tool: control.target,
    said: loop.lastSaid, results: results.map(r => r.success), typing,
  }
}

/** Says each kind of fault once when it first appears, and goes on counting. */
class ErrorTally {
  /** Where a fault is said while something is drawn on the terminal. */
  tell: ((line: string) => void) | undefined
  readonly #counts = new Map<string, number>()
  readonly #output: Output

  constructor(output: Output) {
    this.#output = output
  }

  add(error: unknown): void {
    const line = error instanceof Error ? error.message : String(error)
    const count = (this.#counts.get(line) ?? 0) + 1
    this.#counts.set(line, count)
    if (count > 1) return
    if (this.tell) this.tell(`fault: ${line}`)
    else this.#output.progress(`fault: ${line}`)
  }
}
