import type protobufjs from 'protobufjs/minimal.js'
import { protobuf } from '../../peers/commonjs.js'
import { GzError } from './gz-error.js'
import { messageOf } from '../message-of.js'

type Reader = protobufjs.Reader
type Writer = protobufjs.Writer

/** The scalar types of proto3 in use. 64-bit integers become numbers, exact up to 2^53; seconds and ids are smaller. */
interface Scalars {
  bool: boolean
  bytes: Uint8Array
  double: number
  enum: number
  int32: number
  int64: number
  string: string
  uint32: number
  uint64: number
}
type Scalar = keyof Scalars
type Kind = Scalar | Schema<Fields>

export interface Field<K extends Kind = Kind, M extends boolean = boolean> {
  readonly number: number
  readonly kind: K
  readonly many: M
}
export type Fields = Readonly<Record<string, Field>>

/**
 * A message that was read. A scalar that was not sent has its default value; a message that was not sent is undefined.
 */
export type Message<F extends Fields> = {
  [N in keyof F]: F[N] extends Field<infer K, infer M> ? (M extends true ? Value<K>[] : Single<K>) : never
}
type Value<K> = K extends Scalar ? Scalars[K] : K extends Schema<infer F> ? Message<F> : never
type Single<K> = K extends Scalar ? Scalars[K] : K extends Schema<infer F> ? Message<F> | undefined : never

/** A message to send. Every field may be left out. */
export type Draft<F extends Fields> = {
  readonly [N in keyof F]?: F[N] extends Field<infer K, infer M>
    ? M extends true
      ? readonly DraftOf<K>[]
      : DraftOf<K>
    : never
}
type DraftOf<K> = K extends Scalar ? Scalars[K] : K extends Schema<infer F> ? Draft<F> | undefined : never

export type MessageOf<S> = S extends Schema<infer F> ? Message<F> : never

/** Makes a message of the type `name` (such as Wrench) from its bytes. Throws GzError GZ_MESSAGE. */
export interface Decoder<T> {
  readonly name: string
  decode(bytes: Uint8Array): T
}

/** A field that holds one value. */
export function one<K extends Kind>(number: number, kind: K): Field<K, false> {
  return { number, kind, many: false }
}

/** A repeated field. */
export function many<K extends Kind>(number: number, kind: K): Field<K, true> {
  return { number, kind, many: true }
}

const VARINT = 0
const FIXED64 = 1
const DELIMITED = 2

interface Slot {
  readonly key: string
  readonly kind: Kind
  readonly many: boolean
  readonly tag: number
}

/**
 * One protobuf message as a table: field name, number, kind. Fields that are not in the table are skipped, as protobuf
 * prescribes, so a table holds only the fields that are used here. Bytes are views of the input.
 */
export class Schema<F extends Fields> implements Decoder<Message<F>> {
  readonly name: string
  readonly fields: F
  readonly #slots: readonly Slot[]
  readonly #byTag = new Map<number, Slot>()

  constructor(name: string, fields: F) {
    this.name = name
    this.fields = fields
    this.#slots = Object.entries(fields).map(([key, { number, kind, many: repeated }]) => {
      return { key, kind, many: repeated, tag: ((number << 3) | wireOf(kind)) >>> 0 }
    })
    for (const slot of this.#slots) {
      this.#byTag.set(slot.tag, slot)
      if (slot.many && packs(slot.kind)) this.#byTag.set((((slot.tag >>> 3) << 3) | DELIMITED) >>> 0, slot)
    }
  }

  /** Throws GzError GZ_MESSAGE for bytes that are not protobuf. */
  decode(bytes: Uint8Array): Message<F> {
    try {
      return this.#read(protobuf().Reader.create(bytes), bytes.length)
    } catch (error) {
      throw new GzError('GZ_MESSAGE', `${bytes.length} bytes that are no ${this.name}: ${messageOf(error)}`)
    }
  }

  encode(draft: Draft<F>): Uint8Array {
    return this.#write(protobuf().Writer.create(), draft).finish()
  }

  #read(reader: Reader, end: number): Message<F> {
    const message: Record<string, unknown> = {}
    for (const { key, kind, many: repeated } of this.#slots) message[key] = repeated ? [] : blank(kind)
    while (reader.pos < end) {
      const tag = reader.uint32()
      const slot = this.#byTag.get(tag)
      if (!slot) {
        if (tag >>> 3 === 0) throw new Error(`field 0 at byte ${reader.pos}`)
        reader.skipType(tag & 7)
      } else if (!slot.many) message[slot.key] = readOne(reader, slot.kind, end)
      else if ((tag & 7) === DELIMITED && packs(slot.kind)) {
        for (const packed = delimited(reader, end); reader.pos < packed; )
          (message[slot.key] as unknown[]).push(readOne(reader, slot.kind, packed))
      } else (message[slot.key] as unknown[]).push(readOne(reader, slot.kind, end))
    }
    if (reader.pos !== end) throw new Error(`a field ends at byte ${reader.pos}, its message at ${end}`)
    return message as Message<F>
  }

  #write(writer: Writer, draft: Draft<F>): Writer {
    for (const { key, kind, many: repeated, tag } of this.#slots) {
      const value = (draft as Readonly<Record<string, unknown>>)[key]
      if (value === undefined) continue
      if (!repeated) {
        if (kind instanceof Schema || !isDefault(value)) writeOne(writer, tag, kind, value)
      } else if (packs(kind)) {
        if ((value as unknown[]).length === 0) continue
        writer.uint32((((tag >>> 3) << 3) | DELIMITED) >>> 0).fork()
        for (const element of value as unknown[]) writeScalar(writer, kind as Scalar, element)
        writer.ldelim()
      } else for (const element of value as unknown[]) writeOne(writer, tag, kind, element)
    }
    return writer
  }

  /** Reads a message that is part of another one and ends at `end`. Throws the reader's errors. */
  static read<F extends Fields>(schema: Schema<F>, reader: Reader, end: number): Message<F> {
    return schema.#read(reader, end)
  }

  /** Writes a message that is part of another one. */
  static write(schema: Schema<Fields>, writer: Writer, draft: unknown): void {
    schema.#write(writer, draft as Draft<Fields>)
  }
}

/** Reads an int64 or uint64 as a number, from its two halves; `signed`: the upper half is signed. */
export function integer64(reader: Reader, signed: boolean): number {
  const { buf } = reader
  let low = 0
  let high = 0
  for (let shift = 0; shift < 70; shift += 7) {
    if (reader.pos >= reader.len) break
    const byte = buf[reader.pos++]!
    const bits = byte & 0x7f
    if (shift < 28) low |= bits << shift
    else if (shift === 28) {
      low |= bits << 28
      high = bits >>> 4
    } else high |= bits << (shift - 32)
    if (byte < 0x80) return (signed ? high | 0 : high >>> 0) * 2 ** 32 + (low >>> 0)
  }
  throw new RangeError(`a number without an end at byte ${reader.pos}`)
}

/** Reads the length of a delimited field and returns where the field ends. */
export function delimited(reader: Reader, end: number): number {
  const length = reader.uint32()
  if (reader.pos + length > end)
    throw new RangeError(`${length} bytes at byte ${reader.pos} of a message that ends at ${end}`)
  return reader.pos + length
}

function wireOf(kind: Kind): number {
  if (kind === 'double') return FIXED64
  return kind instanceof Schema || kind === 'string' || kind === 'bytes' ? DELIMITED : VARINT
}

const packs = (kind: Kind): boolean => wireOf(kind) !== DELIMITED

const NO_BYTES = new Uint8Array(0)

function blank(kind: Kind): unknown {
  if (kind instanceof Schema) return undefined
  return kind === 'string' ? '' : kind === 'bytes' ? NO_BYTES : kind === 'bool' ? false : 0
}

function isDefault(value: unknown): boolean {
  return (
    (value === 0 && !Object.is(value, -0)) ||
    value === false ||
    value === '' ||
    (value instanceof Uint8Array && value.length === 0)
  )
}

function readOne(reader: Reader, kind: Kind, end: number): unknown {
  if (kind instanceof Schema) return Schema.read(kind, reader, delimited(reader, end))
  switch (kind) {
    case 'bool':
      return reader.bool()
    case 'bytes':
      return reader.bytes()
    case 'double':
      return reader.double()
    case 'enum':
      return reader.int32()
    case 'int32':
      return reader.int32()
    case 'int64':
      return integer64(reader, true)
    case 'string':
      return reader.string()
    case 'uint32':
      return reader.uint32()
    case 'uint64':
      return integer64(reader, false)
  }
}

function writeOne(writer: Writer, tag: number, kind: Kind, value: unknown): void {
  writer.uint32(tag)
  if (!(kind instanceof Schema)) return writeScalar(writer, kind, value)
  writer.fork()
  Schema.write(kind, writer, value)
  writer.ldelim()
}

function writeScalar(writer: Writer, kind: Scalar, value: unknown): void {
  switch (kind) {
    case 'bool':
      writer.bool(value as boolean)
      break
    case 'bytes':
      writer.bytes(value as Uint8Array)
      break
    case 'double':
      writer.double(value as number)
      break
    case 'enum':
      writer.int32(value as number)
      break
    case 'int32':
      writer.int32(value as number)
      break
    case 'int64':
      writer.int64(value as number)
      break
    case 'string':
      writer.string(value as string)
      break
    case 'uint32':
      writer.uint32(value as number)
      break
    case 'uint64':
      writer.uint64(value as number)
      break
  }
}
