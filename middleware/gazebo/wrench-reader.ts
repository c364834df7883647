import { protobuf } from '../../peers/commonjs.js'
import { GzError } from './gz-error.js'
import { messageOf } from '../message-of.js'
import { HEADER, frameOf } from './gz-messages.js'
import { delimited, integer64, Schema, type Decoder } from './proto.js'

/** A sample that every message overwrites. It is valid until the next one is read. */
export interface WrenchSample {
  sec: number
  nsec: number
  frameId: string
  /** fx, fy, fz (N), tx, ty, tz (N·m). */
  readonly wrench: Float64Array
}

/** Tags of the fields of Wrench and Vector3d: field number and wire type. */
const HEADER_FIELD = (1 << 3) | 2
const FORCE = (2 << 3) | 2
const TORQUE = (3 << 3) | 2
const AXES = [(2 << 3) | 1, (3 << 3) | 1, (4 << 3) | 1]
const NOTHING = new Uint8Array(0)

function readerOf(bytes: Uint8Array): InstanceType<ReturnType<typeof protobuf>['Reader']> {
  const { Reader } = protobuf()
  return new Reader(bytes)
}

/**
 * Reads wrenches at 1 kHz in place into one sample, without allocation. In a header the stamp comes first, and the
 * bytes behind it (the frame's name) repeat from message to message. They are decoded only when they differ from those
 * of the message before. Protobuf writes the fields in this order; a message with another order is decoded in full.
 */
export class WrenchReader implements Decoder<WrenchSample> {
  readonly name = 'Wrench'
  readonly #sample: WrenchSample = { sec: 0, nsec: 0, frameId: '', wrench: new Float64Array(6) }
  // This reader takes a Buffer and other byte arrays. The one that `create` makes for a Buffer only works with Buffers.
  readonly #reader = readerOf(NOTHING)
  /** The bytes of the last header behind its stamp. */
  #rest: Uint8Array = NOTHING
  #known = false

  decode(bytes: Uint8Array): WrenchSample {
    const reader = this.#reader
    reader.buf = bytes
    reader.pos = 0
    reader.len = bytes.length
    const sample = this.#sample
    sample.sec = sample.nsec = 0
    sample.wrench.fill(0)
    let framed = false
    try {
      while (reader.pos < bytes.length) {
        const tag = reader.uint32()
        if (tag === FORCE) this.#vector(0, delimited(reader, bytes.length))
        else if (tag === TORQUE) this.#vector(3, delimited(reader, bytes.length))
        else if (tag === HEADER_FIELD) {
          this.#header(delimited(reader, bytes.length))
          framed = true
        } else if (tag >>> 3 === 0) throw new Error(`field 0 at byte ${reader.pos}`)
        else reader.skipType(tag & 7)
      }
    } catch (error) {
      throw new GzError('GZ_MESSAGE', `${bytes.length} bytes that are no Wrench: ${messageOf(error)}`)
    }
    if (!framed) {
      sample.frameId = ''
      this.#known = false
    }
    return sample
  }

  #vector(first: number, end: number): void {
    const reader = this.#reader
    while (reader.pos < end) {
      const tag = reader.uint32()
      const axis = AXES.indexOf(tag)
      if (axis >= 0) this.#sample.wrench[first + axis] = reader.double()
      else reader.skipType(tag & 7)
    }
    if (reader.pos !== end) throw new Error(`a vector ends at byte ${reader.pos}, its field at ${end}`)
  }

  #header(end: number): void {
    const reader = this.#reader
    const { buf } = reader
    const start = reader.pos
    // The stamp is a field of at most 127 bytes: tag (1), length (1), content.
    const rest =
      buf[start] === ((1 << 3) | 2) && buf[start + 1]! < 0x80 && start + 2 + buf[start + 1]! <= end
        ? start + 2 + buf[start + 1]!
        : start
    if (rest > start && this.#sameRest(rest, end)) {
      reader.pos = start + 2
      this.#stamp(rest)
    } else {
      const header = Schema.read(HEADER, reader, end)
      this.#sample.sec = header.stamp?.sec ?? 0
      this.#sample.nsec = header.stamp?.nsec ?? 0
      this.#sample.frameId = frameOf(header)
      this.#rest = rest > start ? Uint8Array.from(buf.subarray(rest, end)) : NOTHING
      this.#known = rest > start
    }
    reader.pos = end
  }

  #stamp(end: number): void {
    const reader = this.#reader
    while (reader.pos < end) {
      const tag = reader.uint32()
      if (tag === 1 << 3) this.#sample.sec = integer64(reader, true)
      else if (tag === 2 << 3) this.#sample.nsec = reader.int32()
      else reader.skipType(tag & 7)
    }
    if (reader.pos !== end) throw new Error(`a stamp ends at byte ${reader.pos}, its field at ${end}`)
  }

  #sameRest(start: number, end: number): boolean {
    if (!this.#known || end - start !== this.#rest.length) return false
    for (let i = 0; i < this.#rest.length; i++) if (this.#reader.buf[start + i] !== this.#rest[i]) return false
    return true
  }
}
