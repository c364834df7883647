/**
 * An error of a parameter. Codes: PARAMETER_UNKNOWN, PARAMETER_TYPE, PARAMETER_RANGE, PARAMETER_DECLARED,
 * PARAMETER_FILE.
 */
export class ParameterError extends Error {
  readonly code: string
  readonly exit = 2

  constructor(code: string, message: string) {
    super(message)
    this.name = 'ParameterError'
    this.code = code
  }
}
