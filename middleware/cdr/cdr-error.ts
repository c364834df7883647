/** Bytes that are no CDR message of their type. Codes: CDR_HEADER, CDR_TRUNCATED, CDR_MALFORMED, CDR_TEXT, CDR_TYPE. */
export class CdrError extends Error {
  readonly code: string
  readonly exit = 2

  constructor(code: string, message: string) {
    super(message)
    this.name = 'CdrError'
    this.code = code
  }
}
