import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Contract } from '../../policy/contract/contract.js'
import type { Robot } from '../../robots/robot.js'
import { CHUNK_FILES } from './file-series.js'
import type { Feature } from './column.js'
import { VIDEO_MB, VIDEO_PATH } from './lerobot-video.js'
import { ParquetFile, type ParquetColumn } from './parquet-file.js'

export const DATA_PATH = 'data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet'
export const DATA_MB = 100

/** The metadata of a LeRobot set. */
export interface LeRobotMeta {
  readonly robot: Robot
  readonly rate: number
  readonly rows: number
  readonly features: Readonly<Record<string, Feature>>
  readonly inputs: Contract['inputs']
  readonly statistics: object
  /** The texts of the tasks, by index. */
  readonly tasks: readonly string[]
  /** Rows of the table of episodes, all with the same columns; at least one. */
  readonly episodes: readonly Readonly<Record<string, unknown>>[]
}

/** Writes the folder `meta` of a set. */
export async function writeMeta(
  root: string,
  { robot, rate, rows, features, inputs, statistics, tasks, episodes }: LeRobotMeta,
): Promise<void> {
  const meta = join(root, 'meta')
  mkdirSync(join(meta, 'episodes/chunk-000'), { recursive: true })
  const json = (name: string, value: unknown): void =>
    writeFileSync(join(meta, name), `${JSON.stringify(value, null, 2)}\n`)
  json('info.json', {
    codebase_version: 'v3.0',
    robot_type: robot.name,
    total_episodes: episodes.length,
    total_frames: rows,
    total_tasks: tasks.length,
    fps: rate,
    chunks_size: CHUNK_FILES,
    data_files_size_in_mb: DATA_MB,
    video_files_size_in_mb: VIDEO_MB,
    splits: { train: `0:${episodes.length}` },
    data_path: DATA_PATH,
    video_path: Object.values(features).some(({ dtype }) => dtype === 'video') ? VIDEO_PATH : null,
    features,
  })
  json('stats.json', statistics)
  json('prehend.json', { robot: { name: robot.name, sha256: robot.sha256, canonical: robot.canonical }, inputs })
  await writeTable(
    join(meta, 'tasks.parquet'),
    tasks.map((task, index) => ({ task_index: BigInt(index), task })),
    { pandas: JSON.stringify(PANDAS_TASKS) },
  )
  await writeTable(join(meta, 'episodes/chunk-000/file-000.parquet'), episodes)
}

async function writeTable(
  path: string,
  rows: readonly Readonly<Record<string, unknown>>[],
  metadata?: Readonly<Record<string, string>>,
): Promise<void> {
  const file = new ParquetFile(
    path,
    Object.entries(rows[0]!).map(([name, value]) => columnOf(name, value)),
    metadata,
  )
  await file.write(rows)
  await file.close()
}

/** The Parquet column that holds such a value. */
function columnOf(name: string, value: unknown): ParquetColumn {
  let lists = 0
  for (; Array.isArray(value); [value] = value as unknown[]) lists++
  const type =
    typeof value === 'bigint'
      ? 'INT64'
      : typeof value === 'boolean'
        ? 'BOOLEAN'
        : typeof value === 'string'
          ? 'STRING'
          : 'DOUBLE'
  return { name, type, lists }
}

/** Tells pandas that `task` is the index of the table, as LeRobot reads it. */
const PANDAS_TASKS = {
  index_columns: ['task'],
  column_indexes: [
    { name: null, field_name: null, pandas_type: 'unicode', numpy_type: 'object', metadata: { encoding: 'UTF-8' } },
  ],
  columns: [
    { name: 'task_index', field_name: 'task_index', pandas_type: 'int64', numpy_type: 'int64', metadata: null },
    { name: 'task', field_name: 'task', pandas_type: 'unicode', numpy_type: 'object', metadata: null },
  ],
  creator: { library: 'prehend', version: '1' },
  pandas_version: '2.0.0',
}
