import type { RosLogger } from '../middleware/ros2/rclnodejs.js'
import { printable } from '../app/output/printable.js'

/** A node's logger whose lines have no control characters. It writes to the terminal and to /rosout. */
export function printableLog(log: RosLogger): RosLogger {
  return {
    debug: text => log.debug(printable(text)),
    info: text => log.info(printable(text)),
    warn: text => log.warn(printable(text)),
    error: text => log.error(printable(text)),
  }
}
