import type { Modality } from '../../fusion/observation.js'
import type { Robot, Stream } from '../../robots/robot.js'
import { UsageError } from '../output/output.js'

/**
 * The topic of the cell's sensor of a modality. Throws UsageError where the robot file has no such stream, or expects
 * compressed images of it.
 */
export function cellTopic(robot: Robot, modality: Modality): string {
  const stream = robot.streams.find(s => s.modality === modality)
  if (!stream)
    throw new UsageError(`robot ${robot.name}: no ${modality} stream: the cell's ${modality} has nowhere to go`)
  return rawTopic(robot, stream)
}

/** The topic of a stream. Throws UsageError where the robot file expects compressed images of it. */
export function rawTopic(robot: Robot, stream: Stream): string {
  if (stream.type === 'sensor_msgs/msg/CompressedImage')
    throw new UsageError(
      `robot ${robot.name}: stream ${stream.name}: the cell's images are not compressed: expected ` +
        'sensor_msgs/msg/Image',
    )
  return stream.topic
}
