import type { Command } from 'commander'
import { Output } from '../../app/output/output.js'
import { writeCellWorld, type CellWorldOptions } from '../../app/session/cell-world.js'
import { integer, overwrite } from '../options.js'

interface WorldFlags extends CellWorldOptions {
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

async function world(out: string, flags: WorldFlags): Promise<void> {
  const objects = await writeCellWorld(out, flags)
  new Output(flags).result({ file: out, objects }, [
    `${out}: ${objects.length === 0 ? 'an empty table' : objects.join(', ')}`,
  ])
}
