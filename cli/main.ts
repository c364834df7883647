import { createRequire } from 'node:module'
import { Command, CommanderError } from 'commander'
import { exitOf } from './output.js'

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

const require = createRequire(import.meta.url)
const { version } = require('../../package.json') as { version: string }

const program = new Command('prehend')
program
  .description('RGB-D, force/torque and voice on one time line, a policy, a gripper on a serial wire')
  .version(version)
  .exitOverride()
  .showHelpAfterError(false)
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'prehend: ').replace(/\n\(/, ' (')) })
const asked = process.argv[2] ?? ''
for (const load of Object.hasOwn(COMMANDS, asked) ? [COMMANDS[asked]] : Object.values(COMMANDS)) (await load()).register(program)

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
    process.stderr.write(`prehend: ${(error as Error).message}\n`)
    return exit
  }
  process.stderr.write(`prehend: unexpected: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  return 1
}

// A reader that closes the pipe (`prehend … | head`) ends the command, quietly.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = exitCodeOf(error)
}
