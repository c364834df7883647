import { createRequire } from 'node:module'
import { Command, CommanderError } from 'commander'
import { Ending } from '../app/output/ending.js'
import { exitOf } from '../app/output/output.js'
import { standardStreams } from '../app/output/standard-streams.js'

standardStreams.guard()

/** Each command is loaded when it is the one asked for; all of them for the overview. */
const COMMANDS: Readonly<Record<string, () => Promise<{ register: (program: Command) => void }>>> = {
  run: () => import('./commands/run.js'),
  replay: () => import('./commands/replay.js'),
  info: () => import('./commands/info.js'),
  check: () => import('./commands/check.js'),
  policy: () => import('./commands/policy.js'),
  export: () => import('./commands/export.js'),
  eval: () => import('./commands/eval.js'),
  bench: () => import('./commands/bench.js'),
  world: () => import('./commands/world.js'),
  doctor: () => import('./commands/doctor.js'),
  node: () => import('./commands/node.js'),
}

/** ms that a command which was asked to end waits, once it has ended, for its last lines to be read. */
const LAST_WORDS = 3000

const require = createRequire(import.meta.url)
const { version } = require('../../package.json') as { version: string }

const program = new Command('prehend')
program
  .description('RGB-D, force/torque and voice on one time line, a policy, a gripper on a serial wire')
  .version(version)
  .exitOverride()
  .showHelpAfterError(false)
  .configureOutput({
    writeOut: text => standardStreams.say('stdout', text.trimEnd().split('\n')),
    writeErr: text => standardStreams.say('stderr', text.trimEnd().split('\n')),
    outputError: text =>
      standardStreams.say('stderr', [
        text
          .trimEnd()
          .replace(/^error: /, 'prehend: ')
          .replace(/\n\(/, ' ('),
      ]),
  })
const asked = process.argv[2] ?? ''
for (const load of Object.hasOwn(COMMANDS, asked) ? [COMMANDS[asked]] : Object.values(COMMANDS))
  (await load?.())?.register(program)

/** Sub-commands inherit neither exitOverride nor the error's form by themselves. */
function inherit(command: Command): void {
  for (const child of command.commands) {
    child.copyInheritedSettings(command)
    inherit(child)
  }
}
inherit(program)

/** A user's error carries its exit code; anything else is a defect and shows itself. */
function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  const exit = exitOf(error)
  if (exit !== undefined) {
    standardStreams.say('stderr', [`prehend: ${(error as Error).message}`])
    return exit
  }
  const message = String(error)
  const stack =
    error instanceof Error && error.stack?.startsWith(message)
      ? error.stack.slice(message.length).split('\n').slice(1)
      : []
  standardStreams.say('stderr', [`prehend: unexpected: ${message}`, ...stack])
  return 1
}

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = exitCodeOf(error)
}
// What was asked to end does not wait for ever for a reader of what it said at last.
if (Ending.isAsked) setTimeout(() => process.exit(), LAST_WORDS).unref()
