import { expect, test, vi } from 'vitest'
import { CellLoop } from '../../app/session/cell-loop.js'
import { episodeTopics } from '../../app/session/episode-topics.js'
import { policyMaker } from '../../app/policies/policies.js'
import { readRobot } from '../../app/robot/load-robot.js'
import { ObservationDigest } from '../../fusion/observation-line.js'
import type { EpisodeResult } from '../../app/session/episodes.js'

const SEED = 11
/** Some seconds on a machine that has nothing else to do. */
vi.setConfig({ testTimeout: 240_000 })

/**
 * Of each episode, run one after the other in a loop of their own: its result, and the sha256 of its observations,
 * stamps counted from their first.
 */
async function run(
  policy: string | undefined,
  indices: readonly number[],
): Promise<Map<number, EpisodeResult & { readonly sha256: string }>> {
  const robot = readRobot('cell')
  let digest = new ObservationDigest()
  const loop = await CellLoop.start({
    robot,
    seed: SEED,
    objects: 'seen',
    mode: 'lockstep',
    policy: await policyMaker(policy, robot),
    onObservation: observation => void digest.add(observation),
    onError: error => {
      throw error
    },
  })
  loop.bus.subscribe(episodeTopics(robot).announcements, 'std_msgs/msg/String', () => {
    digest = new ObservationDigest()
  })
  const episodes = new Map<number, EpisodeResult & { readonly sha256: string }>()
  try {
    for (const index of indices) {
      const result = await loop.episode(index)
      if (result) episodes.set(index, { ...result, sha256: digest.digest() })
    }
  } finally {
    await loop.close()
  }
  return episodes
}

/** Of the seed's episodes one that ends with "stop", and one without a correction. */
const [STOPPED, LIFTED] = [6, 2]

for (const [name, policy] of [
  ['scripted expert', 'expert'],
  ['shipped model', undefined],
] as const) {
  test(
    `an episode of the ${name} is the same to the last digit, observations and all, whatever came ` + 'before it',
    async () => {
      const there = await run(policy, [STOPPED, LIFTED])
      const back = await run(policy, [LIFTED, STOPPED])
      expect(there.size).toBe(2)
      for (const index of [STOPPED, LIFTED]) expect(back.get(index), `episode ${index}`).toEqual(there.get(index))
      expect(there.get(STOPPED)?.target).toBe(undefined)
      expect(there.get(LIFTED)?.target).toBeDefined()
      expect(there.get(STOPPED)?.sha256).not.toBe(there.get(LIFTED)?.sha256)
    },
  )
}
