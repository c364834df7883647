import type { Codec } from './codec.js'
import { definedCodec } from './defined-codec.js'
import { definitionText } from './definitions.js'
import { headerTime } from './header-stamp.js'
import { headerOf, rosHeader, type RosHeader } from './ros-header.js'

const made = new Map<string, Codec<object>>()

/**
 * The codec of a type that has none in the table, made from its definition. The message has the type's fields by their
 * ROS names, with `stamp`, `far` and `frameId` instead of a header. Undefined when no definition is known.
 */
export function fieldCodec(type: string): Codec<object> | undefined {
  const known = made.get(type)
  if (known || definitionText(type) === undefined) return known
  const isStamped = headerTime(type) !== undefined
  const codec = definedCodec<object, object>(type, {
    fromRos(raw, epochSec) {
      if (!isStamped) return raw
      const { header, ...fields } = raw as { readonly header: RosHeader }
      return { ...headerOf(header, epochSec), ...fields }
    },
    toRos(message, epochSec) {
      if (!isStamped) return message
      const { stamp, far, frameId, ...fields } = message as Parameters<typeof rosHeader>[0]
      return { header: rosHeader({ stamp, far, frameId }, epochSec), ...fields }
    },
  })
  made.set(type, codec)
  return codec
}
