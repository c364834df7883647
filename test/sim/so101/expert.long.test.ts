import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadMujoco } from '../../../sim/embedded/mujoco.js'
import { loadFamily } from '../../../sim/objects/object-file.js'
import { drawEpisode } from '../../../sim/so101/episode.js'
import { So101Driver } from './drive-so101.js'

let driver: So101Driver
beforeAll(async () => {
  driver = new So101Driver(await loadMujoco())
})
afterAll(() => driver.close())

test.each([
  { set: 'seen', seed: 101, chunks: false },
  { set: 'unseen', seed: 102, chunks: false },
  { set: 'seen', seed: 201, chunks: true },
])(
  'the scripted expert wins 95 of 100 episodes with $set objects, chunks: $chunks',
  ({ set, seed, chunks }) => {
    const models = loadFamily('small', set)
    const lost: string[] = []
    for (let index = 0; index < 100; index++) {
      const { verdict } = driver.run(drawEpisode(models, seed, index), undefined, { chunks })
      if (!verdict.success) lost.push(`${index}: ${verdict.reason ?? ''}`)
    }
    expect(lost.length, lost.join(', ')).toBeLessThanOrEqual(5)
  },
  600_000,
)
