import { expect, test } from 'vitest'
import type { Frame } from '../../fusion/camera-frame.js'
import { FrameFormatWatch } from '../../fusion/frame-format-watch.js'
import { flat, grey } from './robots.js'

const said = (
  reading: ConstructorParameters<typeof FrameFormatWatch>[0],
  frames: readonly Frame[],
): (string | undefined)[] => {
  const watch = new FrameFormatWatch(reading)
  return frames.map(frame => watch.look(frame))
}

test('frames that are alike are not reported', () => {
  expect(said({ modality: 'rgb' }, [grey(1), grey(2), grey(3)])).toEqual([undefined, undefined, undefined])
})

test('a change of size, encoding or byte order is reported once, with both values', () => {
  const small: Frame = { width: 2, height: 1, encoding: 'rgb8', step: 6, isBigendian: false, data: new Uint8Array(6) }
  expect(
    said({ modality: 'rgb' }, [grey(1), small, small, { ...small, encoding: 'bgr8' }, { ...small, encoding: 'bgr8' }]),
  ).toEqual([
    undefined,
    'pictures change from 2 x 2 rgb8 to 2 x 1 rgb8',
    undefined,
    'pictures change from 2 x 1 rgb8 to 2 x 1 bgr8',
    undefined,
  ])
  expect(said({ modality: 'depth' }, [flat(1), { ...flat(1), isBigendian: true }])).toEqual([
    undefined,
    'pictures change from 2 x 2 16UC1 to 2 x 2 16UC1 (big-endian)',
  ])
})

test('an unusable frame is reported with encoding, size, step, what is wrong and what to do', () => {
  const frame = grey(1)
  expect(
    said({ modality: 'rgb' }, [
      { ...frame, encoding: 'yuv411' },
      { ...frame, encoding: 'yuv411' },
      { ...frame, data: new Uint8Array(11) },
    ]),
  ).toEqual([
    'cannot be used: 2 x 2 yuv411, step 6, 12 bytes: this encoding is not known; publish one of ' +
      'sensor_msgs, such as rgb8 or 16UC1',
    undefined,
    'pictures change from 2 x 2 yuv411 to 2 x 2 rgb8; cannot be used: 2 x 2 rgb8, step 6, 11 bytes: a ' +
      'row needs 6 bytes, and 2 rows are needed; mend the driver',
  ])
  expect(said({ modality: 'depth' }, [frame])).toEqual([
    'cannot be used: 2 x 2 rgb8, step 6, 12 bytes: it is no depth; say modality: rgb',
  ])
  expect(said({ modality: 'rgb' }, [flat(1)])).toEqual([
    'cannot be used: 2 x 2 16UC1, step 4, 8 bytes: it is depth, not rgb; say modality: depth',
  ])
  expect(
    said({ modality: 'depth', depthUnit: 0.0001 }, [
      { ...flat(1), encoding: '32FC1', step: 8, data: new Uint8Array(16) },
    ]),
  ).toEqual(['cannot be used: 2 x 2 32FC1, step 8, 16 bytes: it is in metres; leave depth_unit out'])
})
