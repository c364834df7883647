import { McapStreamReader, type McapTypes } from '@mcap/core'
import { BagDamage } from './bag-error.js'

export const OPCODE = {
  header: 1,
  footer: 2,
  schema: 3,
  channel: 4,
  message: 5,
  chunk: 6,
  chunkIndex: 8,
  statistics: 11,
  metadata: 12,
  metadataIndex: 13,
  dataEnd: 15,
} as const
/** Bytes of a record's head: opcode (1) and length (8). */
export const RECORD_HEAD = 9
/** Bytes at the start of a message's content: channel (2), sequence (4), log time (8), publish time (8). */
export const MESSAGE_HEAD = 22
/** Bytes of the largest schema, channel or metadata record. A larger claim counts as damage. */
export const LARGEST_RECORD = 16 << 20

/** Bytes of the content of the record whose head is at `at`. */
export function contentLength(view: DataView, at: number): number {
  return view.getUint32(at + 1, true) + view.getUint32(at + 5, true) * 4_294_967_296
}

/**
 * Calls `onRecord` for each record in a row, with the start and the end of its content. Returns the number of bytes
 * behind the last complete record.
 */
export function walkRecords(
  records: Uint8Array,
  onRecord: (opcode: number, start: number, end: number) => void,
): number {
  const view = new DataView(records.buffer, records.byteOffset, records.byteLength)
  let at = 0
  while (at + RECORD_HEAD <= records.length) {
    const end = at + RECORD_HEAD + contentLength(view, at)
    if (end > records.length) break
    onRecord(records[at]!, at + RECORD_HEAD, end)
    at = end
  }
  return records.length - at
}

/** Parses one record, from its opcode on. Throws BagDamage for a record that is too large. */
export function parseRecord(bytes: Uint8Array): McapTypes.TypedMcapRecord | undefined {
  if (bytes.length > LARGEST_RECORD) throw new BagDamage(`a record claims to be ${bytes.length} bytes long`)
  const reader = new McapStreamReader({ noMagicPrefix: true })
  reader.append(bytes)
  return reader.nextRecord()
}
