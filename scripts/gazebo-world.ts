// Writes the Gazebo world of an episode: tsx scripts/gazebo-world.ts OUT.sdf [--objects seen] [--seed 1] [--index 0] [--count N] [--empty]
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { drawEpisode } from '../sim/cell/episode.js'
import { loadMujoco } from '../sim/cell/mujoco.js'
import { loadTable } from '../sim/objects/object-file.js'
import { worldSdf } from '../sim/gazebo/world-sdf.js'

const { values, positionals: [out] } = parseArgs({
  allowPositionals: true,
  options: {
    objects: { type: 'string', default: 'seen' }, seed: { type: 'string', default: '1' }, index: { type: 'string', default: '0' }, count: { type: 'string' }, empty: { type: 'boolean', default: false },
  },
})
if (out === undefined) throw new Error('gazebo-world: name the file to write')
const count = values.count === undefined ? undefined : Number(values.count)
const episode = drawEpisode(loadTable(values.objects, count), Number(values.seed), Number(values.index), { count })
writeFileSync(out, worldSdf(await loadMujoco(), values.empty ? { ...episode, setup: { ...episode.setup, objects: [] }, placed: [] } : episode))
