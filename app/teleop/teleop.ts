import { meaningOf } from '../../control/speech/stop-word.js'
import type { Report } from '../output/output.js'
import { Ending } from '../output/ending.js'
import { requireFree } from '../output/outputs.js'
import { readRobot, withPort } from '../robot/load-robot.js'
import { requireFit } from '../session/cells.js'
import { requireDrivable } from '../session/drivable.js'
import { ErrorTally } from '../session/error-tally.js'
import { checkSaid } from '../session/typed-command.js'
import { endsWithItsParts } from '../session/lost-part.js'
import type { Robot } from '../../robots/robot.js'
import { UsageError } from '../output/output.js'
import { groundNamed } from './ground.js'
import { isOperation, operationOf, OPERATIONS, type Operation } from './operations.js'
import { OperatorTerminal } from './operator-terminal.js'
import type { InputOptions } from './person-input.js'
import { personInput } from './person-inputs.js'
import { TeleopLoop, type TeleopLoopOptions } from './teleop-loop.js'

export interface TeleopCommand
  extends InputOptions,
    Pick<TeleopLoopOptions, 'record' | 'overwrite' | 'say' | 'attach'> {
  /** A word of GROUND_NAMES. */
  readonly source: string
  readonly robot?: string
  readonly namespace?: string
  /** The port of the gripper or of the only servo bus, instead of the robot file's. */
  readonly port?: string
  /** A word of PERSON_INPUTS. Default: `leader` where `leader` is given, else `keyboard`. */
  readonly by?: string
  /** A model that drives the robot until the person takes over. */
  readonly policy?: string
  readonly seed: number
}

/** ms between two looks at the state of the motion. */
const LOOK = 100

/**
 * `prehend teleop`: a person moves a robot, alone or beside a policy, until the process is asked to end. Throws
 * UsageError, RobotError, PolicyError, DriverError or MissingPackageError, before anything moves, where what was asked
 * for cannot be done.
 */
export async function teleop(
  command: TeleopCommand,
  progress: (line: string) => void,
): Promise<Report & { readonly isComplete: boolean }> {
  const by = command.by ?? (command.leader === undefined ? 'keyboard' : 'leader')
  const kind = personInput(by)
  const open = groundNamed(command.source)
  if (command.say !== undefined) checkSaid(command.say)
  requireFree({ recordings: [command.record] }, command)
  const robot = withPort(readRobot(command.robot, command.namespace), command.port)
  if (command.source === 'sim') requireFit(robot)
  else requireDrivable(robot)
  if (command.attach) requireAttachable(command, robot)
  const ending = new Ending()
  ending.endWithParent()
  const errors = new ErrorTally({ progress })
  const parts = endsWithItsParts(ending, progress)
  progress(`starting (robot file ${robot.name}, ${by}) ...`)
  const loop = await TeleopLoop.start({
    ...command,
    robot,
    kind,
    inputs: command,
    ground: open,
    signal: ending.signal,
    onNotice: progress,
    onLost: text => {
      progress(text)
      parts.onPartLost()
    },
    onPolicyEnded: parts.onPolicyEnded,
    onRecordingLost: parts.onRecordingLost,
    onError: error => errors.add(error),
  })
  /** What was last told of the state of the motion. */
  let told = ''
  const operate = (word: string): void => {
    // A stop may have ended again before anybody looks. What follows is told all the same.
    if (word === 'stop') told = ''
    if (word === 'quit') ending.ask('SIGINT')
    else if (isOperation(word)) progress(loop.operate(word))
    else loop.say(word)
  }
  const terminal = new OperatorTerminal({
    onKey: key => {
      const word = operationOf(key)
      if (word === 'take' && loop.commander === 'person' && loop.hasPolicy) operate('give')
      else if (word !== undefined) operate(word)
      else loop.key(key)
    },
    onLine: line => operate(line.trim()),
    onInterrupt: () => ending.ask('SIGINT'),
  })
  progress(`${kind.help}; ${operationsText()}`)
  const look = setInterval(() => {
    const message = loop.control.motion
    if (message !== told) progress((told = message))
  }, LOOK)
  const started = performance.now()
  await new Promise(resolve => ending.whenAsked(resolve))
  clearInterval(look)
  terminal.close()
  await loop.close()
  const { results } = loop
  const won = results.filter(({ success }) => success).length
  const object = {
    source: command.source,
    by,
    episodes: results.length,
    successes: won,
    takeovers: loop.takeovers,
    chunks: loop.chunks,
    ...loop.control.counts,
    wallS: (performance.now() - started) / 1000,
    ...(command.record !== undefined && { record: command.record }),
  }
  const recorded = command.record === undefined ? '' : `; recorded into ${command.record}`
  return {
    object,
    lines: [`${results.length} episodes, ${won} won, in ${object.wallS.toFixed(1)} s${recorded}`],
    isComplete: !parts.isLost(),
  }
}

/** Throws UsageError for what a control node in another process already has, or cannot do. */
function requireAttachable({ source, policy, port }: TeleopCommand, robot: Robot): void {
  const refuse = (why: string): never => {
    throw new UsageError(`--attach: ${why}`)
  }
  if (source !== 'ros2') refuse(`a control node of another process is on ROS 2 topics; add --source ros2`)
  if (policy !== undefined) refuse('leave out --policy: the policy runs beside the control node that is there')
  if (port !== undefined) refuse('leave out --port: the control node that is there has the port')
  if (!robot.streams.some(({ modality }) => modality === 'voice'))
    refuse(`robot ${robot.name} has no stream of voice, on which "stop" would be said; add one to its file`)
  for (const word of ['stop', 'resume'] as const)
    if (meaningOf(word, robot.languages) !== word)
      refuse(
        `robot ${robot.name} does not understand "${word}" (languages: ${robot.languages.join(', ')}); add en to languages`,
      )
}

const operationsText = (): string =>
  (Object.keys(OPERATIONS) as Operation[])
    .flatMap(word => {
      const { key, means } = OPERATIONS[word]
      return process.stdin.isTTY ? (key === undefined ? [] : [`${key} ${means}`]) : [`"${word}" ${means}`]
    })
    .join(', ')
