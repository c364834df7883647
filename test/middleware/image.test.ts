import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodeImage } from '../../middleware/image/decode.js'
import type { Image } from '../../middleware/messages.js'
import { python, temporaryFolder } from './python-script.js'

interface Made {
  readonly name: string
  readonly format: string
  readonly width: number
  readonly height: number
  readonly encoding: string
}

const folder = temporaryFolder()
let made: Made[] = []
beforeAll(() => {
  made = JSON.parse(python('compress_images.py', folder.path)) as Made[]
})
afterAll(() => folder.remove())

const file = (i: number): Buffer => readFileSync(join(folder.path, `${i}.bin`))
const named = (name: string): Buffer => file(made.findIndex(one => one.name === name))
const decode = (format: string, data: Uint8Array): Promise<Image> =>
  decodeImage({ stamp: 7, frameId: 'camera', format, data })
const faultOf = (format: string, data: Uint8Array): Promise<unknown> =>
  decode(format, data).then(
    ({ width, height, encoding }) => ({ width, height, encoding }),
    (error: unknown) => (error as { fault: string }).fault,
  )

/** A level of 8 bits by which two JPEG decoders may differ: each rounds its transform as the standard lets it. */
const JPEG_LEVELS = 2

describe('a compressed image', () => {
  test('shows what Pillow and NumPy say: PNG and depth bit for bit, JPEG within two levels', async () => {
    expect(made.length).toBeGreaterThan(15)
    for (const [i, { name, format, width, height, encoding }] of made.entries()) {
      const { data, step, ...image } = await decode(format, file(i))
      expect(image, name).toEqual({ stamp: 7, frameId: 'camera', width, height, encoding, isBigendian: false })
      expect(data.length, name).toBe(step * height)
      const shown = readFileSync(join(folder.path, `${i}.raw`))
      if (!name.includes('jpeg') || name.includes('webp')) expect(Buffer.compare(data, shown), name).toBe(0)
      else
        expect(
          shown.reduce((worst, level, at) => Math.max(worst, Math.abs(level - data[at])), 0),
          name,
        ).toBeLessThanOrEqual(JPEG_LEVELS)
    }
  })

  test.each([
    'jpeg 95',
    'png',
    'webp',
    'tiff',
    'scene, compressedDepth png',
    'scene, compressedDepth rvl',
    'float depth, rvl',
  ])('cut off anywhere it is refused or whole: %s', async name => {
    const { format, ...shown } = made.find(one => one.name === name) as Made
    const data = named(name)
    const whole = (await decode(format, data)).data
    // Of a PNG the last twelve bytes hold no pixels.
    for (let end = 0; end < data.length - 12; end += Math.ceil(data.length / 97))
      expect(await faultOf(format, data.subarray(0, end)), `${end} of ${data.length}`).toBe('undecodable')
    for (let end = data.length - 12; end < data.length; end++) {
      const image = await decode(format, data.subarray(0, end)).catch(() => undefined)
      if (image)
        expect([image.width, image.height, Buffer.compare(image.data, whole)], `${end} of ${data.length}`).toEqual([
          shown.width,
          shown.height,
          0,
        ])
    }
  })

  test('damaged anywhere it is an image or refused, and nothing else happens', async () => {
    for (const name of ['jpeg 95', 'png', 'scene, compressedDepth png', 'float depth, rvl']) {
      const { format } = made.find(one => one.name === name) as Made
      for (let at = 0; at < 120; at++) {
        const data = Buffer.from(named(name))
        data[at < 60 ? at : (at * 7919) % data.length] ^= 0xff
        const fate = await faultOf(format, data)
        if (typeof fate === 'string') expect(['undecodable', 'bad_encoding', 'bad_size']).toContain(fate)
        else expect(fate).toHaveProperty('encoding')
      }
    }
  }, 60_000)

  test.each([
    ['garbage', 'jpeg', () => Buffer.alloc(1000, 7), 'undecodable'],
    ['nothing', 'png', () => Buffer.alloc(0), 'undecodable'],
    [
      'an SVG, which the library could read',
      'png',
      () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
      'undecodable',
    ],
    ['a format nobody knows', 'h264', () => Buffer.alloc(1000, 7), 'bad_encoding'],
    ['eight bits of a float TIFF', '32FC1; tiff compressed ', () => named('tiff'), 'bad_encoding'],
    ['a GIF, which the library could read', 'gif', () => Buffer.from('GIF89a'), 'bad_encoding'],
    [
      'an unknown codec of depth',
      '16UC1; compressedDepth zstd',
      () => named('scene, compressedDepth png'),
      'bad_encoding',
    ],
    ['eight bits where depth is promised', '16UC1; png compressed ', () => named('grey png'), 'bad_encoding'],
    [
      'eight bits in a compressedDepth',
      '16UC1; compressedDepth png',
      () => Buffer.concat([Buffer.alloc(12), named('grey png')]),
      'bad_encoding',
    ],
    ['a header alone', '16UC1; compressedDepth png', () => Buffer.alloc(12), 'undecodable'],
    ['a PNG of 100000 x 100000', 'png', () => sized(named('png'), 100_000, 100_000), 'bad_size'],
    ['a PNG of no rows', 'png', () => sized(named('png'), 64, 0), 'bad_size'],
    ['an RVL of negative size', '16UC1; compressedDepth rvl', () => withSize(-64, 48), 'bad_size'],
    ['an RVL of 2^31 - 1 columns', '16UC1; compressedDepth rvl', () => withSize(2 ** 31 - 1, 2 ** 31 - 1), 'bad_size'],
    [
      'a quantisation of NaN',
      '32FC1; compressedDepth png',
      () => Buffer.concat([Buffer.alloc(12, 0xff), named('mono16')]),
      'undecodable',
    ],
  ])('%s is refused', async (_what, format, data, fault) => {
    expect(await faultOf(format, data())).toBe(fault)
  })

  test('what kind of file it is the bytes tell, whichever the format names', async () => {
    expect(await faultOf('rgb8; jpeg compressed bgr8', named('png'))).toEqual({
      width: 64,
      height: 48,
      encoding: 'rgb8',
    })
    expect(await faultOf('rgb8; png compressed bgr8', named('jpeg 95'))).toEqual({
      width: 64,
      height: 48,
      encoding: 'rgb8',
    })
  })

  test('several are decoded at once, and this thread is free for the most part (2 ms a picture)', async () => {
    const data = named('every, compressedDepth png')
    await decode('16UC1; compressedDepth png', data)
    // What else the machine does only adds to it.
    let least = Infinity
    for (let round = 0; round < 5; round++) {
      const before = performance.eventLoopUtilization()
      await Promise.all(Array.from({ length: 40 }, () => decode('16UC1; compressedDepth png', data)))
      least = Math.min(least, performance.eventLoopUtilization(before).active / 40)
    }
    expect(least).toBeLessThan(2)
  })
})

function sized(png: Uint8Array, width: number, height: number): Buffer {
  const data = Buffer.from(png)
  data.writeUInt32BE(width, 16)
  data.writeUInt32BE(height, 20)
  return data
}

function withSize(width: number, height: number): Buffer {
  const data = Buffer.from(named('scene, compressedDepth rvl'))
  data.writeInt32LE(width, 12)
  data.writeInt32LE(height, 16)
  return data
}
