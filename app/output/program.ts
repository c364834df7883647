import { Ending } from './ending.js'
import { exitOf } from './output.js'
import { standardStreams } from './standard-streams.js'

/** ms that a program waits, after it was asked to end and has ended, for its last lines to be read. */
const LAST_LINES = 3000

/** Runs the main function of a process, and sets the exit code from the error that it throws. */
export async function runProgram(program: () => Promise<unknown>): Promise<void> {
  try {
    await program()
  } catch (error) {
    process.exitCode = exitCodeOf(error)
  }
  // After a request to end, a reader that does not read the last lines cannot keep the process alive.
  if (Ending.isAsked) setTimeout(() => process.exit(), LAST_LINES).unref()
}

/**
 * Writes an error on standard error, and answers the exit code. An error for the user is one line and has its own code.
 * Any other error is a defect: it is written with its stack, and the code is 1.
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
