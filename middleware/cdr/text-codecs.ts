import type { StringMessage, VoiceEvent } from '../messages.js'
import { CdrInput } from './cdr-input.js'
import { CdrOutput, CdrSize } from './cdr-output.js'
import type { Codec } from './codec.js'
import { header, readHeader } from './image-codec.js'

const input = new CdrInput()

/** Texts may be of any language: MessageWriter cuts off what is not ASCII. */
export const stringCodec: Codec<StringMessage> = {
  decode(bytes) {
    input.reset(bytes)
    return { data: input.string() }
  },
  encode: ({ data }) => new CdrOutput(new CdrSize().string(data).total).string(data).bytes,
}

export const voiceEventCodec: Codec<VoiceEvent> = {
  decode(bytes, epochSec) {
    input.reset(bytes)
    return {
      ...readHeader(input, { stamp: 0, frameId: '' }, epochSec),
      text: input.string(),
      confidence: input.float32(),
    }
  },
  encode(message, epochSec) {
    const size = new CdrSize().add(4, 8).string(message.frameId).string(message.text).add(4, 4)
    return header(new CdrOutput(size.total), message, epochSec).string(message.text).float32(message.confidence).bytes
  },
}
