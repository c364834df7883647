import type { ArmSetPoint } from '../control/arm/arm-set-point.js'
import { STEP } from '../control/arm/motion-limiter.js'
import type { Clock } from '../middleware/bus.js'

/** ms that a deactivation waits for the arm to go back from what it struck. */
const LONGEST = 300

/**
 * Resolves when the arm's set-point has gone back after an over-force, 0.3 s later at most: by a clock of its own, for
 * the bus's may stand still.
 */
export async function goneBack(arm: ArmSetPoint, clock: Clock): Promise<void> {
  if (!arm.goesBack) return
  await new Promise<void>(resolve => {
    const timeout = setTimeout(end, LONGEST)
    const timer = clock.every(STEP, () => {
      arm.publish(clock.now())
      if (!arm.goesBack) end()
    })
    function end(): void {
      clearTimeout(timeout)
      timer.dispose()
      resolve()
    }
  })
}
