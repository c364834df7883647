import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { drawEpisode } from '../../sim/embedded/episode.js'
import type { Episode } from '../../sim/embedded/episode.js'
import { cellXml } from '../../sim/embedded/mjcf.js'
import { compile, loadMujoco } from '../../sim/embedded/mujoco.js'
import type { MainModule } from '../../sim/embedded/mujoco.js'
import { commandTopic, TOPICS } from '../../sim/gazebo/names.js'
import { modelNames } from '../../sim/gazebo/object-sdf.js'
import { sceneObjects, worldSdf } from '../../sim/gazebo/world-sdf.js'
import { loadObjects } from '../../sim/objects/object-file.js'
import { hasIgn } from './programs.js'

const SETS = ['seen', 'unseen', 'sim/objects/heavy.yaml']
const folder = mkdtempSync(join(tmpdir(), 'prehend-sdf-'))
let mj: MainModule
beforeAll(async () => {
  mj = await loadMujoco()
})
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const numbersOf = (sdf: string, element: string): number[] =>
  [...sdf.matchAll(new RegExp(`<${element}>([^<]+)<`, 'g'))].map(([, text]) => Number(text))

/** One episode of each set that together hold every object of it. */
function episodesOf(set: string): Episode[] {
  const models = loadObjects(set)
  const missing = new Set(models.map(({ name }) => name))
  const episodes: Episode[] = []
  for (let index = 0; missing.size > 0; index++) {
    const episode = drawEpisode(models, 1, index)
    if (!episode.setup.objects.some(name => missing.delete(name))) continue
    for (const name of episode.setup.objects) missing.delete(name)
    episodes.push(episode)
  }
  return episodes
}

/** What the parser says of a file: "Valid." and nothing else where all is well. */
function check(sdf: string): string {
  const file = join(folder, 'checked.sdf')
  writeFileSync(file, sdf)
  const { stdout, stderr } = spawnSync('ign', ['sdf', '-k', file], { encoding: 'utf8' })
  // Debian's program looks for a library that Debian does not have, whatever the file.
  return `${stdout}${stderr}`
    .split('\n')
    .filter(line => line !== '' && !line.includes('libignition-tools-backward'))
    .join('\n')
}

describe('the world', () => {
  it('is the same for the same seed, and another for another', () => {
    const world = (seed: number): string => worldSdf(mj, drawEpisode(loadObjects('seen'), seed, 0))
    expect(world(1)).toBe(world(1))
    expect(world(1)).not.toBe(world(2))
  })

  it('has the objects of the episode with their masses, frictions and places', () => {
    for (const set of SETS) {
      for (const episode of episodesOf(set)) {
        const scene = sceneObjects(mj, episode)
        expect(scene.map(({ object }) => object)).toEqual(episode.setup.objects)
        for (const [i, { sdf }] of scene.entries()) {
          const { object, pose } = episode.placed[i]
          expect(numbersOf(sdf, 'mass')[0]).toBeCloseTo(object.mass, 8)
          expect(numbersOf(sdf, 'mu')).toEqual(object.parts.map(() => expect.closeTo(object.friction, 8) as number))
          const place = /<pose rotation_format="quat_xyzw">([^<]+)</.exec(sdf)?.[1].split(' ').map(Number)
          expect(place).toEqual(pose.map(value => expect.closeTo(value, 8) as number))
        }
      }
    }
  })

  it('weighs what the cell weighs', () => {
    const episode = drawEpisode(loadObjects('seen'), 3, 0)
    const { model, data } = compile(mj, cellXml(episode.placed))
    const cell = (model.body_mass as Float64Array).reduce((sum, mass) => sum + mass, 0)
    data.delete()
    model.delete()
    // The fingers' drives, which MuJoCo has as armature, are in the fingers' mass and out of the gripper's.
    expect(numbersOf(worldSdf(mj, episode), 'mass').reduce((sum, mass) => sum + mass, 0)).toBeCloseTo(cell, 6)
  })

  it('offers the topics that its names say', () => {
    const sdf = worldSdf(mj, drawEpisode(loadObjects('seen'), 1, 0))
    const topics = [
      TOPICS.wrench.slice(1),
      TOPICS.camera.slice(1),
      ...Object.values(TOPICS.contacts),
      commandTopic('finger_left_joint'),
    ]
    for (const topic of topics) expect(sdf).toContain(`<topic>${topic}</topic>`)
  })

  it('names models so that a topic may hold the name, and none twice', () => {
    expect(modelNames(['red box', 'red_box', 'a<b>'])).toEqual(['red_box', 'red_box_2', 'a_b_'])
  })

  it.skipIf(!hasIgn).each(SETS)(
    'is valid without a warning, with every object of %s in it',
    set => {
      const [first, ...others] = episodesOf(set)
      const known = new Set(first.setup.objects)
      const more = others
        .flatMap(episode => sceneObjects(mj, episode))
        .flatMap(({ object, sdf }) => {
          if (known.has(object)) return []
          known.add(object)
          return [/<model[^]*<\/model>/.exec(sdf)?.[0] ?? '']
        })
      expect(known.size).toBe(loadObjects(set).length)
      expect(check(worldSdf(mj, first).replace('</world>', `${more.join('')}</world>`))).toBe('Valid.')
    },
    120_000,
  )

  it.skipIf(!hasIgn)(
    'gives each object as a valid file of its own',
    () => {
      const [{ sdf }] = sceneObjects(mj, episodesOf('seen')[0])
      expect(check(sdf)).toBe('Valid.')
    },
    120_000,
  )
})
