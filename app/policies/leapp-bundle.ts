import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { messageOf } from '../../middleware/message-of.js'
import { LARGEST_TEXT, readTextSync } from '../../middleware/regular-file.js'
import { readBundle, readInitialValues, type Bundle, type InitialValues } from '../../policy/leapp/bundle.js'
import { UsageError } from '../output/output.js'

/** Whether a path is that of a LEAPP bundle, and not of a model. */
export const isBundle = (path: string): boolean => /\.ya?ml$/i.test(path)

/** What lies in a bundle. */
interface BundleFiles {
  readonly bundle: Bundle
  /** The path of its model. */
  readonly model: string
  readonly initial: InitialValues
}

/**
 * The bundle at a path, the path of its model, and its states' first values. Throws UsageError or PolicyError where it is not read, or its model is
 * not the one that it was exported with.
 */
export function bundleAt(path: string): BundleFiles {
  let text: string
  try {
    text = readTextSync(path, LARGEST_TEXT)
  } catch (error) {
    throw new UsageError(`${path}: cannot be read: ${messageOf(error)}`)
  }
  const bundle = readBundle(text, path)
  const model = join(dirname(path), bundle.file)
  let sha256: string
  try {
    sha256 = createHash('sha256').update(readFileSync(model)).digest('hex')
  } catch (error) {
    throw new UsageError(`${path}: its model cannot be read: ${messageOf(error)}`)
  }
  if (sha256 !== bundle.sha256)
    throw new UsageError(
      `${path}: ${bundle.file} is not its model: sha256 ${sha256.slice(0, 12)}, not ${bundle.sha256.slice(0, 12)}`,
    )
  return { bundle, model, initial: initialOf(bundle, path) }
}

function initialOf({ initialFile }: Bundle, path: string): InitialValues {
  if (initialFile === undefined) return new Map()
  const file = join(dirname(path), initialFile)
  let bytes: Uint8Array
  try {
    bytes = readFileSync(file)
  } catch (error) {
    throw new UsageError(`${path}: its initial values cannot be read: ${messageOf(error)}`)
  }
  return readInitialValues(bytes, file)
}
