import { STEP } from '../control/arm/motion-limiter.js'
import type { Controller } from '../control/controller.js'
import type { Clock } from '../middleware/bus.js'

/** ms that a deactivation waits at most for the arms to retreat. */
const LIMIT = 300

/**
 * Moves the set-points of the arms back after an over-force. Resolves when they have retreated, or after 0.3 s of the machine's
 * time: the bus's clock may stand still.
 */
export async function retreat(arms: Pick<Controller, 'goesBack' | 'publish'>, clock: Clock): Promise<void> {
  if (!arms.goesBack) return
  await new Promise<void>(resolve => {
    const timeout = setTimeout(end, LIMIT)
    const timer = clock.every(STEP, () => {
      arms.publish(clock.now())
      if (!arms.goesBack) end()
    })
    function end(): void {
      clearTimeout(timeout)
      timer.dispose()
      resolve()
    }
  })
}
