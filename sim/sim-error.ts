/**
 * Bad input to the simulator, or a cell that could not start. `code` is fixed; the message is one line: what, where,
 * what was expected. INTERRUPTED means that the user ended the program.
 */
export class SimError extends Error {
  readonly code: string
  readonly exit: 1 | 2

  constructor(code: string, message: string) {
    super(message)
    this.name = 'SimError'
    this.code = code
    this.exit = code === 'INTERRUPTED' ? 1 : 2
  }
}
