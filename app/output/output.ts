import { standardStreams } from './standard-streams.js'

/** Bad use or bad input. Its message is one line that says what, where and what to do. */
export class UsageError extends Error {
  readonly code = 'USAGE'
  readonly exit = 2
}

/** The exit code of an error for the user. Undefined for any other error. */
export function exitOf(error: unknown): number | undefined {
  return error instanceof Error && 'exit' in error && typeof error.exit === 'number' ? error.exit : undefined
}

export interface OutputOptions {
  readonly json?: boolean | undefined
}

/** A command's result: the object that `--json` prints, and the lines that people read instead. */
export interface Report {
  readonly object: object
  readonly lines: readonly string[]
}

/** How every command speaks: results on stdout (one JSON object with `--json`), progress and complaints on stderr. */
export class Output {
  readonly json: boolean

  constructor(options: OutputOptions) {
    this.json = options.json ?? false
  }

  /** A line of progress, for people. */
  progress(line: string): void {
    standardStreams.say('stderr', [line])
  }

  /** The command's result: the object with `--json`, else the lines. Called once, last. */
  result(object: object, lines: readonly string[]): void {
    if (this.json) standardStreams.json(object)
    else standardStreams.say('stdout', lines)
  }
}
