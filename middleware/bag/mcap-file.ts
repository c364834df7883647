import { open, type FileHandle } from 'node:fs/promises'
import type { BagMessage } from './bag.js'
import { BagDamage, BagError, messageOf } from './bag-error.js'
import type { BagFile } from './bag-file.js'
import { readMessages, type ChunkReader, type ChunkRef } from './mcap-chunk.js'
import { summarise, type McapChannel } from './mcap-summary.js'
import type { Source } from './merge.js'
import { decompressFrame, loadZstd } from './zstd.js'

/** Opens an MCAP with ROS 2 messages; see `openBag` for the errors. `messageCompression`: each message is a zstd frame. */
export async function openMcap(path: string, messageCompression: boolean): Promise<BagFile> {
  if (messageCompression) await loadZstd()
  const handle = await open(path)
  try {
    const { size } = await handle.stat()
    const { channels, chunks, start, end, records, damage } = await summarise(path, handle, size)
    for (const channel of channels.values()) requireRos2(path, channel)
    return {
      path, size, start, end, records, damage,
      topics: [...channels.values()].map(({ topic, type, count, offeredQos }) => ({ name: topic, type, count, offeredQos })),
      sources: epoch => {
        const reader: ChunkReader = { handle, channels, epoch, unpackMessage: messageCompression ? unpackMessage : undefined }
        return chunks.map(ref => chunkSource(reader, ref))
      },
      close: () => closeOnce(handle),
    }
  } catch (error) {
    await handle.close()
    throw error
  }
}

function requireRos2(path: string, { topic, encoding, schemaEncoding }: McapChannel): void {
  if (encoding !== 'cdr') {
    throw new BagError('BAG_ENCODING', `${path}: ${topic} has the message encoding "${encoding}": only cdr (ROS 2) is known`)
  }
  if (!['ros2msg', 'ros2idl', ''].includes(schemaEncoding)) {
    throw new BagError('BAG_ENCODING', `${path}: ${topic} has the schema encoding "${schemaEncoding}": only ros2msg and ros2idl are known`)
  }
}

function unpackMessage(data: Uint8Array): Uint8Array {
  try {
    return decompressFrame(data)
  } catch (error) {
    throw new BagDamage(`a message cannot be unpacked: ${messageOf(error)}`)
  }
}

function chunkSource(reader: ChunkReader, ref: ChunkRef): Source {
  let reading: Promise<BagMessage[]> | undefined
  const read = (): Promise<BagMessage[]> => reading ??= readMessages(reader, ref)
  return {
    start: reader.epoch.sinceBig(ref.start),
    prefetch: () => {
      read().catch(() => undefined)
    },
    async* batches() {
      const messages = await read()
      reading = undefined
      yield messages
      return undefined
    },
  }
}

async function closeOnce(handle: FileHandle): Promise<void> {
  if (handle.fd >= 0) await handle.close()
}
