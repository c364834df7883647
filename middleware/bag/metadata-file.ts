import { readdir, realpath, stat } from 'node:fs/promises'
import { basename, isAbsolute, join, normalize, sep } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { readRegular } from '../regular-file.js'
import { BagError } from './bag-error.js'
import { messageOf } from '../message-of.js'

/**
 * Limits of a metadata.yaml: its bytes, and the marks in it that separate values. A recording of a hundred files and
 * five hundred topics has a few hundred kilobytes.
 */
const LARGEST = 1 << 20
const MOST_MARKS = 150_000
const MOST_FILES = 10_000

const Metadata = z.object({
  rosbag2_bagfile_information: z.object({
    relative_file_paths: z.array(z.string()),
    compression_format: z.string().optional(),
    compression_mode: z.string().optional(),
  }),
})

/**
 * The files of a rosbag2 folder: those that its metadata.yaml names. A folder without metadata.yaml must hold exactly
 * one bag file. Throws a BagError.
 */
export async function listFolder(folder: string): Promise<{ files: string[]; messageCompression: boolean }> {
  const text = await readMetadata(folder)
  if (text === undefined) return { files: [await within(folder, await onlyBag(folder))], messageCompression: false }
  const metadata = Metadata.safeParse(parsed(folder, text))
  if (!metadata.success) {
    const [issue] = metadata.error.issues
    throw new BagError(
      'BAG_METADATA',
      `${folder}/metadata.yaml: ${issue?.path.join('.')}: ${issue?.message}; mend it with: ros2 bag reindex`,
    )
  }
  const {
    relative_file_paths: names,
    compression_format: format,
    compression_mode: mode,
  } = metadata.data.rosbag2_bagfile_information
  if (names.length === 0)
    throw new BagError(
      'BAG_METADATA',
      `${folder}/metadata.yaml: relative_file_paths is empty; mend it with: ros2 bag reindex`,
    )
  if (format !== undefined && !['', 'zstd'].includes(format)) {
    throw new BagError('BAG_COMPRESSION', `${folder}/metadata.yaml: compression_format ${format}: only zstd is known`)
  }
  if (names.length > MOST_FILES)
    throw new BagError(
      'BAG_METADATA',
      `${folder}/metadata.yaml: relative_file_paths names ${names.length} files: at most ${MOST_FILES} are read`,
    )
  const files = new Set<string>()
  for (const name of names) {
    const file = await within(folder, await found(folder, name))
    if (files.has(file))
      throw new BagError(
        'BAG_METADATA',
        `${folder}/metadata.yaml: relative_file_paths names ${name} twice; mend it with: ros2 bag reindex`,
      )
    files.add(file)
  }
  return { files: [...files], messageCompression: mode?.toUpperCase() === 'MESSAGE' }
}

/** The text of metadata.yaml; undefined when there is none. */
async function readMetadata(folder: string): Promise<string | undefined> {
  try {
    return (await readRegular(join(folder, 'metadata.yaml'), LARGEST)).toString('utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new BagError('BAG_METADATA', `${folder}/metadata.yaml: cannot be read: ${messageOf(error)}`)
  }
}

function parsed(folder: string, text: string): unknown {
  // The parser takes about a kilobyte for each value, and a value may be as short as two bytes of text.
  const marks = text.match(/[[{,:\n]/g)?.length ?? 0
  if (marks > MOST_MARKS)
    throw new BagError(
      'BAG_METADATA',
      `${folder}/metadata.yaml: has too many values for a recording; mend it with: ros2 bag reindex`,
    )
  try {
    return parse(text, { logLevel: 'error' })
  } catch (error) {
    throw new BagError('BAG_METADATA', `${folder}/metadata.yaml: not YAML: ${messageOf(error).split('\n')[0]}`)
  }
}

/** The only bag file of a folder. A compressed file does not count when its uncompressed copy is there. */
async function onlyBag(folder: string): Promise<string> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw new BagError('BAG_MISSING', `${folder}: cannot be read: ${messageOf(error)}`)
  })
  const bags = names
    .filter(name => /\.(mcap|db3)(\.zstd?)?$/.test(name))
    .filter((name, _i, all) => !/\.zstd?$/.test(name) || !all.includes(plainName(name)))
  if (bags.length === 1) return join(folder, bags[0]!)
  throw new BagError(
    'BAG_METADATA',
    `${folder}: not a bag: no metadata.yaml, and ${bags.length === 0 ? 'no' : `${bags.length}`} .mcap ` +
      'or .db3 files instead of one;' +
      ' mend it with: ros2 bag reindex',
  )
}

/**
 * The path of a file that metadata.yaml names. rosbag2 of ROS 2 Foxy put the folder's name before it and left out the
 * suffix of compression. A user who decompresses a file by hand often leaves metadata.yaml as it was.
 */
async function found(folder: string, name: string): Promise<string> {
  if (isAbsolute(name) || normalize(name).split(sep).includes('..')) {
    throw new BagError(
      'BAG_METADATA',
      `${folder}/metadata.yaml: relative_file_paths: '${name}' leads out of the folder; mend it with: ros2 bag reindex`,
    )
  }
  const places = [
    ...new Set(
      [name, basename(name)].flatMap(base => [
        base,
        `${plainName(base)}.zstd`,
        `${plainName(base)}.zst`,
        plainName(base),
      ]),
    ),
  ]
  for (const place of places)
    if (
      await stat(join(folder, place)).then(
        () => true,
        () => false,
      )
    )
      return join(folder, place)
  throw new BagError('BAG_MISSING', `${join(folder, name)}: metadata.yaml names it, and it is not there`)
}

const plainName = (name: string): string => name.replace(/\.zstd?$/, '')

/** Refuses a link that leads out of the folder: a folder from elsewhere must not open other files. */
async function within(folder: string, file: string): Promise<string> {
  const [root, target] = await Promise.all([realpath(folder), realpath(file)])
  if (target.startsWith(root.endsWith(sep) ? root : root + sep)) return file
  throw new BagError(
    'BAG_METADATA',
    `${file}: is a link that leads out of the bag's folder: name the file that it leads to`,
  )
}
