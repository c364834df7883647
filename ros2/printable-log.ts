import type { RosLogger } from '../middleware/ros2/rclnodejs.js'
import { printable } from '../app/output/printable.js'

/**
 * The node's logger, which writes to the terminal by itself and to /rosout: its lines are cleaned as the command's own
 * are.
 */
export function printableLog(log: RosLogger): RosLogger {
  return {
    debug: text => log.debug(printable(text)),
    info: text => log.info(printable(text)),
    warn: text => log.warn(printable(text)),
    error: text => log.error(printable(text)),
  }
}
