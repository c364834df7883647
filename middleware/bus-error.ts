/** An error of a bus. Codes: TOPIC_TYPE, PUBLISHER_DISPOSED, LIFECYCLE, BACKEND, ACTION, SERVICE. */
export class BusError extends Error {
  readonly code: string
  readonly exit = 2

  constructor(code: string, message: string) {
    super(message)
    this.name = 'BusError'
    this.code = code
  }
}
