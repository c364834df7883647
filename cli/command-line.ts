import { createRequire } from 'node:module'
import { Command, CommanderError } from 'commander'
import { exitCodeOf } from '../app/output/program.js'
import { standardStreams } from '../app/output/standard-streams.js'

/** How each command is loaded. Only the command that is asked for is loaded; all of them for the overview. */
const COMMANDS: Readonly<Record<string, () => Promise<{ register: (program: Command) => void }>>> = {
  run: () => import('./commands/run.js'),
  record: () => import('./commands/record.js'),
  teleop: () => import('./commands/teleop.js'),
  replay: () => import('./commands/replay.js'),
  info: () => import('./commands/info.js'),
  check: () => import('./commands/check.js'),
  calibrate: () => import('./commands/calibrate.js'),
  policy: () => import('./commands/policy-file.js'),
  export: () => import('./commands/export.js'),
  eval: () => import('./commands/eval.js'),
  bench: () => import('./commands/bench.js'),
  world: () => import('./commands/world.js'),
  doctor: () => import('./commands/doctor.js'),
  node: () => import('./commands/node.js'),
}

const require = createRequire(import.meta.url)
const { version } = require('prehend/package.json') as { version: string }

/** The command line, for the command that is asked for. */
async function commandLine(asked: string): Promise<Command> {
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
  for (const load of Object.hasOwn(COMMANDS, asked) ? [COMMANDS[asked]] : Object.values(COMMANDS))
    (await load?.())?.register(program)
  inherit(program)
  return program
}

/** Commander does not pass exitOverride and the form of errors on to sub-commands, so this does. */
function inherit(command: Command): void {
  for (const child of command.commands) {
    child.copyInheritedSettings(command)
    inherit(child)
  }
}

/**
 * Runs a command line, given without the program's own name. Errors are written on standard error. The exit code is in
 * `process.exitCode`.
 */
export async function runCommandLine(args: readonly string[]): Promise<void> {
  try {
    const program = await commandLine(args[0] ?? '')
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
    else process.exitCode = exitCodeOf(error)
  }
}
