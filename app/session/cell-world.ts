import { drawEpisode, EMPTY_TABLE } from '../../sim/embedded/episode.js'
import { loadMujoco } from '../../sim/embedded/mujoco.js'
import { worldSdf } from '../../sim/gazebo/world-sdf.js'
import { loadTable } from '../../sim/objects/object-file.js'
import { LineFile } from '../output/line-file.js'
import { requireFree } from '../output/outputs.js'

export interface CellWorldOptions {
  /** `seen`, `unseen` or the path of an objects file; undefined: an empty table. */
  readonly objects?: string
  /** How many objects lie on the table. Default: 2 to 5, drawn. */
  readonly count?: number
  readonly seed: number
  /** Which episode of the seed. */
  readonly index: number
  readonly overwrite?: boolean
}

/**
 * Writes the cell as a world for Gazebo (SDF) to `out`. Answers the names of the objects on its table. Throws UsageError
 * where an option cannot be used or the file may not be written, DiskError where the disk refuses.
 */
export async function writeCellWorld(
  out: string,
  { objects, count, seed, index, overwrite }: CellWorldOptions,
): Promise<readonly string[]> {
  requireFree({ files: [out] }, { overwrite })
  const episode = objects === undefined ? EMPTY_TABLE : drawEpisode(loadTable(objects, count), seed, index, { count })
  const text = worldSdf(await loadMujoco(), episode)
  const file = new LineFile(out, { overwrite })
  await file.write(text.trimEnd())
  await file.close()
  return episode.setup.objects
}
