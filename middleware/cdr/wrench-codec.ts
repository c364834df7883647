import type { WrenchStamped } from '../messages.js'
import { CdrInput } from './cdr-input.js'
import { CdrOutput, CdrSize } from './cdr-output.js'
import type { Codec } from './codec.js'
import { header, readHeader } from './image-codec.js'

const input = new CdrInput()
const message: WrenchStamped = { stamp: 0, far: undefined, frameId: '', wrench: new Float64Array(6) }

/** Decodes into one object, which the next call overwrites. */
export const wrenchCodec: Codec<WrenchStamped> = {
  decode(bytes, epochSec) {
    input.reset(bytes)
    readHeader(input, message, epochSec)
    for (let axis = 0; axis < 6; axis++) message.wrench[axis] = input.float64()
    return message
  },
  encode(wrench, epochSec) {
    const size = new CdrSize().add(4, 8).string(wrench.frameId).add(8, 48)
    const output = header(new CdrOutput(size.total), wrench, epochSec)
    for (let axis = 0; axis < 6; axis++) output.float64(wrench.wrench[axis]!)
    return output.bytes
  },
}
