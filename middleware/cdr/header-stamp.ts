import { CdrInput } from './cdr-input.js'
import { definitionText } from './definitions.js'
import type { RosTime } from './ros-time.js'

const input = new CdrInput()

/**
 * A function that reads only the time in a message's header. Undefined for a type that does not begin with a
 * std_msgs/Header, or is unknown.
 */
export function headerTime(type: string): ((bytes: Uint8Array) => RosTime) | undefined {
  const first = definitionText(type)
    ?.split('\n')
    .find(line => line !== '' && !line.startsWith('#'))
  if (first !== 'std_msgs/Header header') return undefined
  return bytes => {
    input.reset(bytes)
    return { sec: input.int32(), nanosec: input.uint32() }
  }
}
