/** The fixed codes of all errors that a driver reports. */
export type DriverErrorCode =
  | 'PORT_MISSING'
  | 'PORT_BUSY'
  | 'PORT_DENIED'
  | 'PORT_FOREIGN'
  | 'PORT_FAILED'
  | 'DISCONNECTED'
  | 'TIMEOUT'
  | 'CRC'
  | 'MODBUS_EXCEPTION'
  | 'UNEXPECTED_REPLY'
  | 'FAULT'
  | 'NOT_ACTIVATED'
  | 'SUPERSEDED'
  | 'CLOSED'
  | 'BAD_COMMAND'
  | 'UNKNOWN_DRIVER'
  | 'SERVO_MISSING'
  | 'SERVO_TWICE'
  | 'SERVO_MODEL'
  | 'SERVO_CALIBRATION'

/** An error of a driver. Its message is one line: what, where, what was expected or received, and what to do. */
export class DriverError extends Error {
  readonly code: DriverErrorCode
  readonly exit = 2

  constructor(code: DriverErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'DriverError'
    this.code = code
  }
}
