import type { Robot } from '../../robots/robot.js'
import type { Bus } from '../../middleware/bus.js'
import type { TypeName } from '../../middleware/messages.js'
import { chunkTopic } from '../../nodes/fusion-node.js'
import { RateMeter } from '../measure/rate-meter.js'

/** Counts the messages of a loop's sensors and of its policy on the bus. */
export class LoopMeters {
  readonly rgb = new RateMeter()
  readonly depth = new RateMeter()
  readonly wrench = new RateMeter()
  readonly chunk = new RateMeter()

  constructor(bus: Bus, robot: Robot) {
    for (const [modality, meter] of [
      ['rgb', this.rgb],
      ['depth', this.depth],
      ['force', this.wrench],
    ] as const) {
      const stream = robot.streams.find(s => s.modality === modality)
      if (stream) bus.subscribe(stream.topic, stream.type as TypeName, (_message, receive) => meter.tick(receive))
    }
    bus.subscribe(chunkTopic(robot), 'prehend_interfaces/msg/ActionChunk', (_message, receive) =>
      this.chunk.tick(receive),
    )
  }
}
