import { expect, test } from 'vitest'
import { PictureNotices } from '../../nodes/intake/picture-notices.js'
import { grey } from '../fusion/robots.js'

function telling(): { told: string[]; notices: PictureNotices } {
  const told: string[] = []
  return {
    told,
    notices: new PictureNotices({
      where: 'stream rgb (/rgb)',
      reading: { modality: 'rgb' },
      onNotice: text => told.push(text),
    }),
  }
}

test('a camera that changes to and fro between two sizes gives one notice for each direction', () => {
  const { told, notices } = telling()
  const small = { ...grey(1), height: 1, data: new Uint8Array(6) }
  for (let i = 0; i < 100; i++) notices.check(i % 2 === 0 ? grey(1) : small)
  expect(told).toEqual([
    'stream rgb (/rgb): pictures change from 2 x 2 rgb8 to 2 x 1 rgb8',
    'stream rgb (/rgb): pictures change from 2 x 1 rgb8 to 2 x 2 rgb8',
  ])
})

test('a camera whose size always changes gives eight notices', () => {
  const { told, notices } = telling()
  for (let i = 1; i < 100; i++) notices.check({ ...grey(1), width: i, step: 3 * i, data: new Uint8Array(6 * i) })
  expect(told).toHaveLength(9)
  expect(told.at(-1)).toMatch(/told no more/)
})

test('a compressed image that cannot be decoded names its format, its size and why', () => {
  const { told, notices } = telling()
  for (let i = 0; i < 3; i++)
    notices.undecoded(
      { stamp: i, frameId: '', format: 'h264', data: new Uint8Array(7) },
      new Error('its bytes begin no JPEG, PNG, WebP or TIFF\nmore'),
    )
  expect(told).toEqual([
    "stream rgb (/rgb): cannot be used: a compressed image of format 'h264' and 7 bytes: its bytes " +
      'begin no JPEG, PNG, WebP or TIFF',
  ])
})
