import { Ending } from './ending.js'
import { exitOf } from './output.js'
import { standardStreams } from './standard-streams.js'

/** ms that a program which was asked to end waits, once it has ended, for its last lines to be read. */
const LAST_WORDS = 3000

/** Runs what a process is for, and sets its exit code by how that ended. */
export async function runProgram(program: () => Promise<unknown>): Promise<void> {
  try {
    await program()
  } catch (error) {
    process.exitCode = exitCodeOf(error)
  }
  // What was asked to end does not wait for ever for a reader of what it said at last.
  if (Ending.isAsked) setTimeout(() => process.exit(), LAST_WORDS).unref()
}

/**
 * Says an error on standard error. A user's error carries its exit code; anything else is a defect and shows itself.
 */
export function exitCodeOf(error: unknown): number {
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
