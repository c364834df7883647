import type { FileHandle } from 'node:fs/promises'
import { openRegular } from '../regular-file.js'
import { BagError } from './bag-error.js'
import { messageOf } from '../message-of.js'
import type { BagFile, FileToOpen } from './bag-file.js'
import { UnpackBudget } from './limits.js'
import { messagesOf, openChunk, type ChunkReader, type ChunkRef, type OpenChunk } from './mcap-chunk.js'
import type { McapChannel } from './mcap-content.js'
import { summarise } from './mcap-summary.js'
import type { Source } from './merge.js'
import { loadZstd, messageUnpacker } from './zstd.js'

/** Opens an MCAP with ROS 2 messages; see `openBag` for the errors. */
export async function openMcap({ path, plain, messageCompression }: FileToOpen): Promise<BagFile> {
  const handle = await openRegular(plain).catch((error: unknown) => {
    throw new BagError('BAG_MISSING', `${path}: cannot be opened: ${messageOf(error)}`)
  })
  try {
    const { size } = await handle.stat()
    const { channels, chunks, start, end, records, damage } = await summarise({ handle, path }, size)
    if (messageCompression) await loadZstd(path)
    const all = [...channels.values()]
    return {
      path,
      size,
      start,
      end,
      damage,
      records: records.byName,
      topics: all
        .filter(isRos2)
        .map(({ topic, type, count, offeredQos }) => ({ name: topic, type, count, offeredQos })),
      foreign: all
        .filter(channel => !isRos2(channel))
        .map(({ topic, type, count, encoding, schemaEncoding }) => ({
          name: topic,
          type,
          count,
          encoding: encoding === 'cdr' ? `cdr (${schemaEncoding})` : encoding,
        })),
      sources: epoch => {
        const reader: ChunkReader = {
          handle,
          path,
          epoch,
          channels: new Map([...channels].map(([id, channel]) => [id, { ...channel, isForeign: !isRos2(channel) }])),
          unpackMessage: messageCompression ? messageUnpacker(size) : undefined,
          budget: new UnpackBudget(size),
        }
        return chunks.map(ref => chunkSource(reader, ref))
      },
      close: () => closeOnce(handle),
    }
  } catch (error) {
    await handle.close()
    throw error
  }
}

function isRos2({ encoding, schemaEncoding }: McapChannel): boolean {
  return encoding === 'cdr' && ['ros2msg', 'ros2idl', ''].includes(schemaEncoding)
}

function chunkSource(reader: ChunkReader, ref: ChunkRef): Source {
  let opening: Promise<OpenChunk> | undefined
  const open = (): Promise<OpenChunk> => (opening ??= openChunk(reader, ref))
  return {
    start: reader.epoch.sinceBig(ref.start),
    size: ref.length + ref.size,
    prefetch: () => {
      open().catch(() => undefined)
    },
    async *batches() {
      const chunk = await open()
      opening = undefined
      yield* messagesOf(reader, chunk)
      return undefined
    },
  }
}

async function closeOnce(handle: FileHandle): Promise<void> {
  if (handle.fd >= 0) await handle.close()
}
