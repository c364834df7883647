import type { Stream } from '../robots/robot.js'
import type { Relay } from '../nodes/image-relay.js'
import { UsageError } from '../app/output/output.js'

/** The transports of image_transport: the suffix of the topic and the type of its messages. */
const TRANSPORTS: Readonly<Record<string, { readonly suffix: string; readonly type: Relay['fromType'] }>> = {
  raw: { suffix: '', type: 'sensor_msgs/msg/Image' },
  compressed: { suffix: '/compressed', type: 'sensor_msgs/msg/CompressedImage' },
  compressedDepth: { suffix: '/compressedDepth', type: 'sensor_msgs/msg/CompressedImage' },
}

/**
 * How a stream's images come from their driver. `base`: the driver's topic without the transport; empty: the robot
 * file's topic. `parameter`: the name of the parameter in errors. `square`: the images are cut. Throws UsageError for
 * an unknown transport, for raw images where the robot file wants compressed ones, and where images are to be cut that
 * are compressed or are not published again.
 */
export function relayOf(
  { name, topic: to, type }: Stream,
  options: { readonly base: string; readonly transport: string; readonly parameter: string; readonly square: boolean },
): Relay {
  const { base, transport, parameter, square } = options
  const toType = type as Relay['toType']
  if (square && (base === '' || toType === 'sensor_msgs/msg/CompressedImage')) {
    throw new UsageError(
      `crop: square: stream ${name}: only images that are passed on from a topic of the driver's can be ` +
        `cut: ${base === '' ? 'name its input' : `the robot file wants ${toType}`}`,
    )
  }
  if (!Object.hasOwn(TRANSPORTS, transport))
    throw new UsageError(`${parameter}: ${transport}: expected one of ${Object.keys(TRANSPORTS).join(', ')}`)
  // The robot file's topic of compressed images already has the transport in its name.
  if (base === '' && toType === 'sensor_msgs/msg/CompressedImage') return { from: to, to, fromType: toType, toType }
  const { suffix, type: fromType } = TRANSPORTS[transport]!
  if (fromType === 'sensor_msgs/msg/Image' && toType !== fromType) {
    throw new UsageError(
      `${parameter}: ${transport}: stream ${name} of the robot file is ${toType}: expected compressed ` +
        'or compressedDepth',
    )
  }
  return { from: `${base || to}${suffix}`, to, fromType, toType, square }
}
