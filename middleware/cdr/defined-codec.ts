import { parse } from '@foxglove/rosmsg'
import { MessageReader, MessageWriter } from '@foxglove/rosmsg2-serialization'
import { CdrError } from './cdr-error.js'
import { isLittleEndian } from './cdr-input.js'
import type { Codec } from './codec.js'
import { definitionText } from './definitions.js'
import { messageOf } from '../message-of.js'

/** Converts a type's fields (ROS names and nesting) to a message of this project and back. */
export interface Mapping<T, Raw> {
  fromRos(raw: Raw, epochSec: number): T
  toRos(message: T, epochSec: number): Raw
}

/** A codec made from the type's ROS definition. The definition is parsed at the first use. */
export function definedCodec<T, Raw>(type: string, mapping: Mapping<T, Raw>): Codec<T> {
  let made: { reader: MessageReader<Raw>; writer: MessageWriter } | undefined
  const tools = (): { reader: MessageReader<Raw>; writer: MessageWriter } => {
    if (made) return made
    const text = definitionText(type)
    if (text === undefined) throw new CdrError('CDR_TYPE', `${type}: no definition of this type is known`)
    const definitions = parse(text, { ros2: true })
    return (made = { reader: new MessageReader<Raw>(definitions), writer: new MessageWriter(definitions) })
  }
  return {
    decode(bytes, epochSec) {
      isLittleEndian(bytes)
      let raw
      try {
        raw = tools().reader.readMessage(bytes)
      } catch (error) {
        if (error instanceof CdrError) throw error
        throw new CdrError('CDR_MALFORMED', `${type}: ${messageOf(error)}`)
      }
      return mapping.fromRos(raw, epochSec)
    },
    encode: (message, epochSec) => tools().writer.writeMessage(mapping.toRos(message, epochSec)),
  }
}
