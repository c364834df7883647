import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { McapWriter, TempBuffer } from '@mcap/core'
import { afterAll, expect, test, vi } from 'vitest'
import { openBag } from '../../middleware/bag/bag.js'
import { temporaryFolder } from './python-script.js'

vi.mock('../../peers/peers.js', async original => {
  const module = await original<typeof import('../../peers/peers.js')>()
  return {
    ...module,
    requirePeers(purpose: string, ...names: Parameters<typeof module.installCommand>[0]): void {
      throw new module.MissingPackageError(purpose, names)
    },
  }
})

const folder = temporaryFolder()
afterAll(() => folder.remove())

/** A recording whose chunks say that they are packed with bz2. They are not, since nothing here unpacks them. */
async function record(name: string): Promise<{ path: string; size: number }> {
  const file = new TempBuffer()
  const compressChunk = (chunk: Uint8Array): { compression: string; compressedData: Uint8Array } => ({
    compression: 'bz2',
    compressedData: chunk,
  })
  const writer = new McapWriter({ writable: file, chunkSize: 100, compressChunk })
  await writer.start({ profile: 'ros2', library: '' })
  const data = new TextEncoder().encode('string data')
  const schemaId = await writer.registerSchema({ name: 'std_msgs/msg/String', encoding: 'ros2msg', data })
  const channelId = await writer.registerChannel({ topic: '/a', schemaId, messageEncoding: 'cdr', metadata: new Map() })
  for (let i = 1n; i < 20n; i++)
    await writer.addMessage({ channelId, sequence: 0, logTime: i, publishTime: i, data: new Uint8Array(60) })
  await writer.end()
  const path = join(folder.path, name)
  writeFileSync(path, file.get())
  return { path, size: file.get().length }
}

test.each(['whole', 'cut off'])(
  'a %s file with chunks of bz2 is not damaged where the package is missing',
  async how => {
    const { path, size } = await record(`${how}.mcap`)
    if (how === 'cut off') truncateSync(path, size - 1500)
    const read = async (): Promise<void> => {
      const bag = await openBag(path)
      try {
        for await (const messages of bag.batches()) expect(messages).toEqual([])
      } finally {
        await bag.close()
      }
    }
    await expect(read()).rejects.toMatchObject({
      code: 'PACKAGE_MISSING',
      message:
        `${path}: chunks packed with bz2: the package @foxglove/wasm-bz2 is not installed: ` +
        'run `npm install @foxglove/wasm-bz2@0.3`',
    })
  },
)
