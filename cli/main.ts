import { createRequire } from 'node:module'
import { Command, CommanderError } from 'commander'
import { register as bench } from './commands/bench.js'
import { register as check } from './commands/check.js'
import { register as doctor } from './commands/doctor.js'
import { register as evaluate } from './commands/eval.js'
import { register as exportData } from './commands/export.js'
import { register as info } from './commands/info.js'
import { register as policy } from './commands/policy.js'
import { register as replay } from './commands/replay.js'
import { register as run } from './commands/run.js'

const require = createRequire(import.meta.url)
const { version } = require('../../package.json') as { version: string }

const program = new Command('prehend')
program
  .description('RGB-D, force/torque and voice on one time line, a policy, a gripper on a serial wire')
  .version(version)
  .exitOverride()
  .showHelpAfterError(false)
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'prehend: ')) })
for (const register of [run, replay, info, check, policy, exportData, evaluate, bench, doctor]) register(program)

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
  if (error instanceof Error && 'exit' in error && typeof error.exit === 'number') {
    process.stderr.write(`prehend: ${error.message}\n`)
    return error.exit
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
