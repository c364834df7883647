import { monotonicNs } from '../../../drivers/byte-stream.js'
import type { Clock } from '../../../middleware/bus.js'
import { SteppedClock } from '../../../middleware/local/stepped-clock.js'
import { ControlNode, type ControlOptions } from '../../../nodes/control-node.js'
import type { Part, Surroundings } from '../session.js'

type Defaults = Pick<ControlOptions, 'execution' | 'busTimeOf'>

/** Default of `execution`: temporal ensembling; of `busTimeOf`: what the bus's clock asks for. */
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

/** The bus time (ns) of a moment on the host's monotonic clock (ns). In lockstep only the world takes time. */
function busTimeOf(clock: Clock): (monotonic: number) => number {
  return clock instanceof SteppedClock ? () => clock.now() : monotonic => clock.now() - (monotonicNs() - monotonic)
}
