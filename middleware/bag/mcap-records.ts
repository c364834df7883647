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
/** Opcode and length. */
export const RECORD_HEAD = 9
/** Of a message's content: channel, sequence, log time, publish time. */
export const MESSAGE_HEAD = 22
/** Schemas, channels and metadata are small; a larger claim is taken for damage. */
export const LARGEST_RECORD = 16 << 20

/** Bytes of a record's content, from its head at `at`. */
export function contentLength(view: DataView, at: number): number {
  return view.getUint32(at + 1, true) + view.getUint32(at + 5, true) * 4_294_967_296
}

/**
 * Walks records that lie one after the other; answers how many bytes are behind the last whole one. `start` and `end`:
 * of its content.
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

/** One record, from its opcode on. Throws BagDamage for one that is none. */
export function parseRecord(bytes: Uint8Array): McapTypes.TypedMcapRecord | undefined {
  if (bytes.length > LARGEST_RECORD) throw new BagDamage(`a record claims to be ${bytes.length} bytes long`)
  const reader = new McapStreamReader({ noMagicPrefix: true })
  reader.append(bytes)
  return reader.nextRecord()
}
