import { monotonicNs } from '../../../drivers/byte-stream.js'
import type { Clock } from '../../../middleware/bus.js'
import { SteppedClock } from '../../../middleware/local/stepped-clock.js'
import { ControlNode } from '../../../nodes/control-node.js'
import type { ControlOptions } from '../../../nodes/control-options.js'
import type { Part, Surroundings } from '../session.js'

type Defaults = Pick<ControlOptions, 'execution' | 'busTimeOf'>

/** The default of `execution` is temporal ensembling. The default of `busTimeOf` follows the bus's clock. */
export type ControlPartOptions = Omit<ControlOptions, keyof Surroundings | keyof Defaults> & Partial<Defaults>

export const controlPart =
  (options: ControlPartOptions): Part<ControlNode> =>
  ({ robot, bus, framePrefix = '', onError }) =>
    new ControlNode({
      ...options,
      robot,
      bus,
      framePrefix,
      onError,
      execution: options.execution ?? 'temporal_ensembling',
      busTimeOf: options.busTimeOf ?? busTimeOf(bus.clock),
    })

/**
 * Converts the host's monotonic time (ns) to bus time (ns). In lockstep wall time does not count, so it is the present
 * bus time.
 */
function busTimeOf(clock: Clock): (monotonic: number) => number {
  return clock instanceof SteppedClock ? () => clock.now() : monotonic => clock.now() - (monotonicNs() - monotonic)
}
