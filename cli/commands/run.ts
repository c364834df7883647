import type { Command } from 'commander'
import type { Precision } from '../../policy/contract/onnx-metadata.js'
import { ObservationDigest } from '../../fusion/observation-line.js'
import { meaningOf } from '../../control/speech/stop-word.js'
import { modelNamed } from '../../sim/embedded/episode.js'
import { isAboutThings } from '../../sim/embedded/instruction.js'
import type { EpisodeResult } from '../../app/session/episodes.js'
import { loadObjects } from '../../sim/objects/object-file.js'
import { CellLoop } from '../../app/session/cell-loop.js'
import { isCellSource, startCell } from '../../app/session/cells.js'
import { color } from '../../app/output/terminal-colour.js'
import { Demonstration } from '../../app/session/demonstration.js'
import { Ending } from '../../app/output/ending.js'
import { ErrorTally } from '../../app/session/error-tally.js'
import { LiveView } from '../live-view.js'
import { MachineLateness } from '../../app/session/machine-lateness.js'
import { Output, UsageError } from '../../app/output/output.js'
import { motionStatus } from '../../app/session/motion-status.js'
import { OverloadWatch } from '../../app/session/overload-watch.js'
import { amount, integer, namespace, overwrite, precision, span } from '../options.js'
import { requireFree } from '../../app/output/outputs.js'
import { policyMaker } from '../../app/policies/policies.js'
import { readRobot, withPort } from '../../app/robot/load-robot.js'
import { runOnTopics } from '../../app/session/run-on-topics.js'
import { episodeLine, resultOf, summary } from '../../app/session/run-report.js'
import { standardStreams } from '../../app/output/standard-streams.js'
import { TypedVoice } from '../../app/session/typed-voice.js'

interface RunFlags {
  source: string
  robot?: string
  namespace?: string
  episodes?: number
  port?: string
  seed: number
  policy?: string
  precision?: Precision
  say?: string
  objects: string
  count?: number
  lockstep?: boolean
  atMost?: number
  record?: string
  overwrite?: boolean
  demonstrate?: boolean
  perturb: number
  json?: boolean
}

export function register(program: Command): void {
  program
    .command('run')
    .description('the loop: sensors, alignment, policy, gripper')
    .option(
      '--source <name>',
      'where the sensors are: sim (the embedded cell), gazebo (a Gazebo world that runs already; always ' +
        'in lockstep), or ros2 (topics)',
      'sim',
    )
    .option('--robot <file>', 'robot file or the name of a shipped one', 'cell')
    .option(
      '--namespace <name>',
      'where the relative topics of the robot file lie, such as /left; with --source ros2 of the node too',
      namespace,
    )
    .option(
      '--episodes <n>',
      'how many (default: 1; with --source ros2: until Ctrl-C, else until so many results were published)',
      integer(1),
    )
    .option('--seed <s>', 'of everything that is drawn', integer(0), 1)
    .option(
      '--policy <file>',
      'an ONNX model with a contract, or "expert" (the cell\'s scripted one); default: the shipped model',
    )
    .addOption(precision())
    .option('--say <text>', "said at each episode's start instead of the drawn command")
    .option('--port <path>', "the gripper's serial port, instead of the robot file's")
    .option('--objects <set>', 'seen, unseen, or an objects file', 'seen')
    .option('--count <n>', 'objects on the table (default: 2 to 5, drawn)', integer(1, 5))
    .option('--lockstep', 'simulated time advances only once the loop has answered; nothing typed is heard')
    .option(
      '--at-most <time>',
      'with --source sim or gazebo: an episode ends after so long ("200 ms"), lost unless it was won by then',
      span,
    )
    .option(
      '--record <out>',
      'write all sensors, events and commands as a rosbag2 recording (OUT.mcap, or a folder OUT)',
    )
    .addOption(overwrite())
    .option('--demonstrate', "record the expert's answer to every observation beside the policy's (for training)")
    .option('--perturb <sigma>', 'with --demonstrate: disturb the tool by smooth noise of this size, m', amount(0.1), 0)
    .option('--json', 'the result as one JSON object')
    .action((flags: RunFlags) =>
      flags.source === 'ros2' ? runOnTopics(flags) : run({ ...flags, episodes: flags.episodes ?? 1 }),
    )
}

async function run({ source, ...given }: RunFlags & { readonly episodes: number }): Promise<void> {
  const flags = { ...given, lockstep: given.lockstep === true || source === 'gazebo' }
  const output = new Output(flags)
  if (!isCellSource(source))
    throw new UsageError(
      `--source ${source}: ` +
        `${source === 'bag' ? 'is `prehend replay BAG`' : 'is not known; expected sim, gazebo or ros2'}`,
    )
  requireFree({ recordings: [flags.record] }, flags)
  const robot = withPort(readRobot(flags.robot, flags.namespace), flags.port)
  if (flags.say !== undefined) checkCommand(flags.say, flags.objects, robot.languages)
  const ending = new Ending()
  ending.heedParent()
  let tell = (line: string): void => output.progress(line)
  const policy = await policyMaker(flags.policy, robot, { precision: flags.precision, signal: ending.signal })
  const demonstration = flags.demonstrate
    ? new Demonstration(robot, { sigma: flags.perturb, seed: flags.seed })
    : undefined
  const errors = new ErrorTally(output)
  const digest = new ObservationDigest()
  output.progress(
    `starting the cell${source === 'sim' ? '' : ` in ${source}`} (seed ${flags.seed}, ` +
      `${flags.objects} objects, ${flags.lockstep ? 'lockstep' : 'real time'}) ...`,
  )
  const loop = await CellLoop.start({
    robot,
    cell: startCell(source, ending.signal),
    seed: flags.seed,
    objects: flags.objects,
    count: flags.count,
    mode: flags.lockstep ? 'lockstep' : 'realtime',
    say: flags.say,
    record: flags.record,
    overwrite: flags.overwrite,
    atMost: flags.atMost === undefined ? undefined : flags.atMost * 1e9,
    policy: async cell => (demonstration ? demonstration.wrap(await policy(cell), cell) : policy(cell)),
    onObservation: (observation, bus) => {
      digest.add(observation)
      demonstration?.label(observation, bus)
    },
    onHeld: () => tell('stopped: "resume" goes on with the next episode, Ctrl-C ends'),
    onError: error => errors.add(error),
    onPolicyEnded: () => {
      process.exitCode = 1
      tell('the policy has ended, so the run ends')
      ending.ask('the policy')
    },
    onRecordingLost: () => {
      process.exitCode = 1
      tell('the recording has ended, so the run ends')
      ending.ask('the recording')
    },
  })
  // In lockstep nothing is late: time waits.
  const lateness = flags.lockstep ? undefined : new MachineLateness(() => loop.cell.stats.skippedNs / 1e6)
  const results: EpisodeResult[] = []
  const started = performance.now()
  const busStarted = loop.bus.clock.now()
  const watch = standardStreams.isTerminal && !output.json && !flags.lockstep
  const hear = (line: string): void => {
    loop.say(line)
    const note = notUnderstood(line, flags.objects, robot.languages)
    if (note !== undefined) tell(note)
  }
  const voice = flags.lockstep ? undefined : new TypedVoice(hear, () => ending.ask('SIGINT'), { raw: watch })
  ending.whenAsked(() => void loop.interrupt())
  if (voice) voice.onEnd = () => loop.giveUp()
  const live = watch ? new LiveView(() => viewOf(loop, results, voice?.typing ?? '')) : undefined
  if (live) errors.tell = line => live.note(color.yellow(line))
  errors.lateness = lateness
  tell = line => (live ? live.note(line) : output.progress(line))
  const overload =
    lateness &&
    new OverloadWatch({
      lateness,
      tell,
      counts: () => ({ observations: loop.fusion.aligner.counters.observations, skipped: loop.fusion.skipped }),
    })
  try {
    for (let index = 0; index < flags.episodes && !loop.interrupted; index++) {
      demonstration?.begin(index)
      const result = await loop.episode(index)
      if (!result) break
      results.push(result)
      if (!live) output.progress(episodeLine(result))
    }
  } finally {
    overload?.close()
    lateness?.close()
    live?.close()
    // What is told from here on is told below the last picture of the loop.
    tell = line => output.progress(line)
    errors.tell = undefined
    voice?.close()
    await loop.close()
  }
  const finished = results.filter(r => r.reason !== 'interrupted')
  const time = flags.lockstep
    ? { simulatedS: (loop.bus.clock.now() - busStarted) / 1e9 }
    : { wallS: (performance.now() - started) / 1000, overruns: loop.cell.stats.overruns, lateMs: lateness?.worst ?? 0 }
  const pace = source === 'gazebo' ? { realTimeFactor: loop.cell.stats.realTimeFactor } : {}
  const object = { ...resultOf(loop, finished, digest.digest()), ...time, ...pace }
  output.result(object, summary(object, results))
  if (finished.length < flags.episodes) process.exitCode = 1
}

/** Something that can be meant: an object of the set by name or by a colour that is its alone, or a stop. */
function checkCommand(say: string, objects: string, languages: readonly string[]): void {
  const models = loadObjects(objects)
  if (meaningOf(say, languages) === 'stop' || modelNamed(say, models)) return
  throw new UsageError(
    `--say "${say}": names none of the ${objects} objects; they are ${models.map(({ name }) => name).join(', ')}`,
  )
}

/**
 * What to say of a typed line that is neither a stop, nor the end of one, nor about anything on the table; undefined:
 * it was understood, or is empty.
 */
export function notUnderstood(line: string, objects: string, languages: readonly string[]): string | undefined {
  if (meaningOf(line, languages) !== 'command' || isAboutThings(line, loadObjects(objects))) return undefined
  return (
    `not understood: "${line.trim()}" names no object, no colour and no manner, and is no stop ` +
    '("stop") or resume; the policy hears it all the same'
  )
}

function viewOf(loop: CellLoop, results: readonly EpisodeResult[], typing: string) {
  const { meters, control } = loop
  const latest = loop.latencies.at(-1) ?? 0
  return {
    title: `prehend  ${loop.policyName}`,
    rgbHz: meters.rgb.recent,
    wrenchHz: meters.wrench.recent,
    chunkHz: meters.chunk.recent,
    latencyMs: latest / 1e6,
    force: control.guard.force,
    contact: control.limits.contact,
    overForce: control.limits.overForce,
    contactState: control.guard.state,
    chunks: meters.chunk.count,
    gate: control.gate,
    widestMm: control.limits.width[1] * 1000,
    widthMm: control.status && control.status.width * 1000,
    gripper: control.status?.object ?? '',
    motion: motionStatus(control),
    tool: control.hasArm ? control.target : undefined,
    said: loop.lastSaid,
    results: results.map(r => r.success),
    typing,
  }
}
