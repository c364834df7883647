/**
 * An error of Gazebo's transport. Codes: GZ_SETTING (an environment variable), GZ_NAME (a topic or a partition),
 * GZ_SOCKET (this machine's network), GZ_ZEROMQ (the addon), GZ_MESSAGE (bytes that are no such message), GZ_NO_ANSWER,
 * GZ_REFUSED (a service refused a request), GZ_CLOSED.
 */
export class GzError extends Error {
  readonly code: string
  readonly exit = 2

  constructor(code: string, message: string) {
    super(message)
    this.name = 'GzError'
    this.code = code
  }
}
