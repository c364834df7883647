import type { Modality } from '../../fusion/observation.js'
import type { Robot } from '../../robots/robot.js'
import { UsageError } from '../output/output.js'

/**
 * Where the embedded cell's sensor of a modality publishes. Throws UsageError where the robot file has no such stream,
 * or wants compressed images of it.
 */
export function cellTopic(robot: Robot, modality: Modality): string {
  const stream = robot.streams.find(s => s.modality === modality)
  if (!stream)
    throw new UsageError(`robot ${robot.name}: no ${modality} stream: the cell's ${modality} has nowhere to go`)
  if (stream.type === 'sensor_msgs/msg/CompressedImage')
    throw new UsageError(
      `robot ${robot.name}: stream ${stream.name}: the cell's images are not compressed: expected ` +
        'sensor_msgs/msg/Image',
    )
  return stream.topic
}
