import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MedianDepth } from '../../app/inspection/median-depth.js'
import type { DepthValue } from '../../fusion/observation.js'

const picture = (data: readonly number[]): DepthValue => ({
  kind: 'depth',
  width: data.length,
  height: 1,
  data: Uint16Array.from(data),
})
const topic = '/depth'

test('is the lower median of the valid pixels of all pictures', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.integer({ min: 0, max: 65_535 }), { minLength: 1, maxLength: 30 }), {
        minLength: 1,
        maxLength: 5,
      }),
      pictures => {
        const median = new MedianDepth()
        for (const data of pictures) median.add(picture(data))
        const valid = pictures
          .flat()
          .filter(mm => mm > 0)
          .sort((a, b) => a - b)
        expect(median.value).toBe(valid.length === 0 ? 0 : valid[Math.ceil(valid.length / 2) - 1])
      },
    ),
  )
})

test('of 20 m and more, or of no depth at all, the unit is doubted', () => {
  const doubt = (data: readonly number[], depthUnit?: number): string | undefined => {
    const median = new MedianDepth()
    if (data.length > 0) median.add(picture(data))
    return median.doubt({ topic, depthUnit })
  }
  expect(doubt([0, 23_400, 23_400])).toBe(
    'the median depth is 23.4 m: is a unit of /depth 1 mm? If not, say depth_unit, such as 0.1 mm',
  )
  expect(doubt([23_400], 0.01)).toContain('is a unit of /depth 10 mm?')
  expect(doubt([0, 0])).toContain('no pixel that was looked at holds a depth')
  expect([doubt([2340, 65_535, 300]), doubt([])]).toEqual([undefined, undefined])
})
