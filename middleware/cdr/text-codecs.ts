import { SPEAKERS, type SpeakerName, type StringMessage, type VoiceEvent } from '../messages.js'
import { CdrInput } from './cdr-input.js'
import { CdrOutput, CdrSize } from './cdr-output.js'
import type { Codec } from './codec.js'
import { header, readHeader } from './image-codec.js'

const input = new CdrInput()

/** A codec of its own, because MessageWriter cuts off what is not ASCII, and a text may be of any language. */
export const stringCodec: Codec<StringMessage> = {
  decode(bytes) {
    input.reset(bytes)
    return { data: input.string() }
  },
  encode: ({ data }) => new CdrOutput(new CdrSize().string(data).total).string(data).bytes,
}

const VERSION = 2

/** Version 1 ends behind the confidence, and says in its frame_id who spoke. */
export const voiceEventCodec: Codec<VoiceEvent> = {
  decode: (bytes, epochSec) => read(bytes, epochSec).message,
  encode(message, epochSec) {
    const { frameId, text, confidence, speaker = 'somebody' } = message
    const size = new CdrSize().add(4, 8).string(frameId).string(text).add(4, 4).add(1, 2)
    return header(new CdrOutput(size.total), message, epochSec)
      .string(text)
      .float32(confidence)
      .uint8(VERSION)
      .uint8(SPEAKERS.indexOf(speaker)).bytes
  },
  current(bytes) {
    const { version, message } = read(bytes, 0)
    return version === 1 ? Buffer.concat([bytes, Buffer.of(VERSION, SPEAKERS.indexOf(message.speaker))]) : bytes
  },
}

function read(
  bytes: Uint8Array,
  epochSec: number,
): { version: number; message: VoiceEvent & { speaker: SpeakerName } } {
  input.reset(bytes)
  const said = {
    ...readHeader(input, { stamp: 0, frameId: '' }, epochSec),
    text: input.string(),
    confidence: input.float32(),
  }
  const version = input.more ? input.uint8() : 1
  const speaker = SPEAKERS[version === 1 ? SPEAKERS.indexOf(said.frameId as SpeakerName) : input.uint8()]
  return { version, message: { ...said, speaker: speaker ?? 'somebody' } }
}
