import { standardStreams } from './standard-streams.js'

/** How every command speaks: results on stdout (one JSON object with `--json`), progress and complaints on stderr. */
export class UsageError extends Error {
  readonly code = 'USAGE'
  readonly exit = 2
}

/** The exit code that a user's error carries; undefined for anything else. */
export function exitOf(error: unknown): number | undefined {
  return error instanceof Error && 'exit' in error && typeof error.exit === 'number' ? error.exit : undefined
}

/** What an error, or whatever else was thrown, says. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

export interface OutputOptions {
  readonly json?: boolean | undefined
}

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
