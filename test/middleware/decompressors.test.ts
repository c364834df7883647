import { expect, test } from 'vitest'
import { decompress, loadDecompressor } from '../../middleware/bag/decompressors.js'

/** Made by Python's bz2. */
const PACKED =
  'QlpoOTFBWSZTWUXOoTwAAA2RgEAEPOHeoCAAQZ/6qATRhNCmmRiYmJRZlpVxZVNbptpF8k22m02yys4+YUVYXcQXScSRQdvxdyRThQkEXOoTwA=='

test('a chunk packed with bz2 is unpacked; damage throws; an unknown name has no decompressor', async () => {
  const unpack = await loadDecompressor('bz2', 'a.mcap')
  const text = 'a robot grasps by sight, touch and word '.repeat(3)
  const packed = Buffer.from(PACKED, 'base64')
  expect(Buffer.from(unpack?.(packed, BigInt(text.length)) ?? []).toString()).toBe(text)
  expect(() => unpack?.(packed.subarray(0, 30), BigInt(text.length))).toThrow()
  for (const name of ['snappy', 'constructor', '']) expect(await loadDecompressor(name, 'a.mcap'), name).toBeUndefined()
})

test('a damaged lz4 chunk does not keep the next one from being unpacked', async () => {
  const text = 'a robot grasps '.repeat(9)
  const content = Buffer.from(text)
  const size = Buffer.alloc(4)
  size.writeUInt32LE(content.length + 0x8000_0000)
  // A frame of one block that is stored as it is: magic, descriptor and its checksum; the block; the end mark.
  const frame = Buffer.concat([Buffer.from('04224d18604082', 'hex'), size, content, Buffer.alloc(4)])
  const unpack = (packed: Uint8Array) => decompress(packed, { name: 'lz4', size: content.length, path: 'a.mcap' })
  const damaged = Buffer.from(frame)
  damaged.fill(0xff, 7, 11)
  await expect(unpack(damaged)).rejects.toThrow()
  expect(Buffer.from((await unpack(frame)) ?? []).toString()).toBe(text)
})
