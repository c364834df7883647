import type { Command } from 'commander'
import { drawEpisode, EMPTY_TABLE } from '../../sim/embedded/episode.js'
import { loadMujoco } from '../../sim/embedded/mujoco.js'
import { worldSdf } from '../../sim/gazebo/world-sdf.js'
import { loadTable } from '../../sim/objects/object-file.js'
import { LineFile } from '../../app/output/line-file.js'
import { integer, overwrite } from '../options.js'
import { Output } from '../../app/output/output.js'
import { requireFree } from '../../app/output/outputs.js'

interface WorldFlags {
  readonly objects?: string
  readonly count?: number
  readonly seed: number
  readonly index: number
  readonly overwrite?: boolean
  readonly json?: boolean
}

export function register(program: Command): void {
  program
    .command('world')
    .description('write the cell as a world for Gazebo')
    .argument('<out>', 'the file to write (OUT.sdf)')
    .option(
      '--objects <set>',
      'with the objects of an episode: seen, unseen, or an objects file (default: none; --source gazebo ' +
        'puts its own in)',
    )
    .option('--count <n>', 'objects on the table (default: 2 to 5, drawn)', integer(1, 5))
    .option('--seed <s>', 'of the episode', integer(0), 1)
    .option('--index <n>', 'which episode of the seed', integer(0), 0)
    .addOption(overwrite())
    .option('--json', 'the result as one JSON object')
    .action((out: string, flags: WorldFlags) => world(out, flags))
}

async function world(out: string, { objects, count, seed, index, overwrite, json }: WorldFlags): Promise<void> {
  const output = new Output({ json })
  requireFree({ files: [out] }, { overwrite })
  const episode = objects === undefined ? EMPTY_TABLE : drawEpisode(loadTable(objects, count), seed, index, { count })
  const text = worldSdf(await loadMujoco(), episode)
  const file = new LineFile(out, { overwrite })
  await file.write(text.trimEnd())
  await file.close()
  const { setup } = episode
  output.result({ file: out, objects: setup.objects }, [
    `${out}: ${setup.objects.length === 0 ? 'an empty table' : setup.objects.join(', ')}`,
  ])
}
