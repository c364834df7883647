/** What went wrong; see `FusionError`. */
export type FusionErrorCode = 'STAMP_RANGE' | 'STAMP_TEXT' | 'STRATEGY_TYPE' | 'STREAM_UNKNOWN' | 'STREAM_KIND'

/**
 * A call of the fusion room with unusable arguments. The message says what is wrong and where, what was expected and
 * what to do.
 */
export class FusionError extends Error {
  readonly code: FusionErrorCode
  readonly exit = 2

  constructor(code: FusionErrorCode, message: string) {
    super(message)
    this.name = 'FusionError'
    this.code = code
  }
}
