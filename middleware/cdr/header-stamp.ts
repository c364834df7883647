import { CdrInput } from './cdr-input.js'
import { definitionText } from './definitions.js'
import { stampOf } from './stamp.js'

const input = new CdrInput()

/** Reads the stamp of a message whose type begins with a std_msgs/Header, without the rest; undefined for a type that has none or is unknown. */
export function headerStamp(type: string): ((bytes: Uint8Array, epochSec: number) => number) | undefined {
  const first = definitionText(type)?.split('\n').find(line => line !== '' && !line.startsWith('#'))
  if (first !== 'std_msgs/Header header') return undefined
  return (bytes, epochSec) => {
    input.reset(bytes)
    return stampOf(input.int32(), input.uint32(), epochSec)
  }
}
