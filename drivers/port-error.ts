import { readFileSync, statSync } from 'node:fs'
import { DriverError } from './driver-error.js'

/** The DriverError for a port that could not be opened, with what to do. `reason` is the operating system's error. */
export function openError(path: string, reason: Error): DriverError {
  const said = reason.message
  const cause = { cause: reason }
  if (/no such|ENOENT|file not found|ENXIO|ENODEV/i.test(said)) {
    const todo = 'is the device plugged in, and is the path right?'
    return new DriverError('PORT_MISSING', `serial port ${path}: does not exist; ${todo}`, cause)
  }
  if (/permission denied|EACCES/i.test(said)) {
    const group = groupOf(path) ?? 'dialout'
    const todo = `it belongs to the group ${group}: sudo usermod -aG ${group} $USER, then log in again`
    return new DriverError('PORT_DENIED', `serial port ${path}: may not be opened by this user; ${todo}`, cause)
  }
  if (/cannot lock|busy|EBUSY|access denied|temporarily unavailable/i.test(said)) {
    const todo = `close that one (fuser ${path} names it)`
    return new DriverError('PORT_BUSY', `serial port ${path}: is held by another program; ${todo}`, cause)
  }
  const detail = said.replace(/^Error:?\s*/, '')
  return new DriverError(
    'PORT_FAILED',
    `serial port ${path}: is not usable as a serial port (${detail}); name another`,
    cause,
  )
}

/** Name of the group that owns the path; undefined when it cannot be found out. */
function groupOf(path: string): string | undefined {
  try {
    const gid = String(statSync(path).gid)
    const line = readFileSync('/etc/group', 'utf8')
      .split('\n')
      .find(entry => entry.split(':')[2] === gid)
    return line?.split(':')[0]
  } catch {
    return undefined
  }
}
