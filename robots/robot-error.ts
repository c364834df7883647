/**
 * A robot file, or a set of topics, that cannot be used. The message is one line: `FILE:LINE: key.path: what is wrong;
 * what to do`.
 *
 * Codes: ROBOT_SYNTAX (not YAML), ROBOT_UNKNOWN_KEY, ROBOT_UNIT (wrong dimension or unreadable unit), ROBOT_INVALID
 * (any other value), ROBOT_NO_IMAGE and ROBOT_AMBIGUOUS (no robot file, and the topics do not tell), ROBOT_UNREADABLE
 * (no such file).
 */
export class RobotError extends Error {
  readonly code: string
  readonly exit = 2

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'RobotError'
    this.code = code
  }
}
