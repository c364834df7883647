import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { PolicyError } from '../policy-error.js'
import { readOnnx, type OnnxModel } from './onnx-metadata.js'
import { readModelFile } from './model-file.js'

/** A file beside a model that has some of its weights (ONNX's external data). */
export interface ExternalFile {
  /** Its path in the folder of the model, as the model says it. */
  readonly location: string
  readonly path: string
  /** Its size. */
  readonly bytes: number
}

/**
 * The files with a model's weights, by location. They must be there and long enough, and lie in the folder of the model,
 * also after links. Throws PolicyError `POLICY_UNREADABLE`.
 */
export async function externalFiles(model: Pick<OnnxModel, 'external'>, path: string): Promise<ExternalFile[]> {
  const folder = dirname(resolve(path))
  const files: ExternalFile[] = []
  for (const [location, end] of [...model.external].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const its = join(folder, location)
    const refuse = (why: string): never => {
      throw new PolicyError('POLICY_UNREADABLE', `${path}: its weights are in ${JSON.stringify(location)}, ${why}`)
    }
    if (isAbsolute(location) || location.includes('\\') || isOutside(folder, its))
      refuse('which is outside its folder; save the model with its weights beside it')
    const info = await stat(its).catch(() => undefined)
    if (!info?.isFile()) refuse(`and there is no such file beside it; copy it to ${folder}`)
    else if (isOutside(await realpath(folder), await realpath(its)))
      refuse('which is a link to a file outside its folder; copy that file there')
    else if (info.size < end) refuse(`which has ${info.size} bytes, and ${end} are needed; copy it again`)
    else files.push({ location, path: its, bytes: info.size })
  }
  return files
}

/**
 * Hex sha256 of a model: of the bytes of its file and then, by location, of each file with its weights. Throws the
 * system's error, or PolicyError.
 */
export async function modelSha256(path: string): Promise<string> {
  const bytes = await readModelFile(path)
  const hash = createHash('sha256').update(bytes)
  for (const file of await externalFiles(readOnnx(bytes, path), path)) {
    for await (const part of createReadStream(file.path)) hash.update(part as Buffer)
  }
  return hash.digest('hex')
}

function isOutside(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return way === '' || way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way)
}
