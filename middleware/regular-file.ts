import { closeSync, constants, fstatSync, openSync, readSync, statSync, type Stats } from 'node:fs'
import { open, stat, type FileHandle } from 'node:fs/promises'

/**
 * With these flags the opening of a pipe without a writer does not block, and a terminal does not become the
 * controlling terminal of this process.
 */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY

/** Bytes of the largest text that a user writes: robot files, objects, phrases, parameters. */
export const LARGEST_TEXT = 1 << 20

/** Why a path that exists is not read. */
export class FileError extends Error {
  readonly code: 'EISDIR' | 'ENOTREG' | 'EFBIG'

  constructor(code: FileError['code'], message: string) {
    super(message)
    this.name = 'FileError'
    this.code = code
  }
}

/**
 * Opens a file for reading. Throws FileError for a folder, a pipe, a socket or a device. A device is not opened at all,
 * because opening alone may move hardware. Other errors are the system's.
 */
export async function openRegular(path: string): Promise<FileHandle> {
  requireRegular(await stat(path))
  const handle = await open(path, FLAGS)
  try {
    requireRegular(await handle.stat())
    return handle
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** Reads a whole file of at most `most` bytes. Throws FileError as `openRegular`, and for a larger file. */
export async function readRegular(path: string, most: number): Promise<Buffer> {
  const handle = await openRegular(path)
  try {
    const { size } = requireSize(await handle.stat(), most)
    const bytes = Buffer.alloc(size)
    const { bytesRead } = await handle.read(bytes, 0, size, 0)
    return bytes.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

/** `readRegular` as text, synchronously. */
export function readTextSync(path: string, most: number): string {
  requireRegular(statSync(path))
  const descriptor = openSync(path, FLAGS)
  try {
    const info = fstatSync(descriptor)
    requireRegular(info)
    const { size } = requireSize(info, most)
    const bytes = Buffer.alloc(size)
    return bytes.toString('utf8', 0, readSync(descriptor, bytes, 0, size, 0))
  } finally {
    closeSync(descriptor)
  }
}

function requireRegular(info: Stats): void {
  if (info.isFile()) return
  if (info.isDirectory()) throw new FileError('EISDIR', 'it is a folder')
  const what = info.isFIFO() ? 'a pipe' : info.isSocket() ? 'a socket' : 'a device'
  throw new FileError('ENOTREG', `it is ${what}, not a file`)
}

function requireSize(info: Stats, most: number): Stats {
  if (info.size > most) throw new FileError('EFBIG', `it has ${info.size} bytes: at most ${most} are read`)
  return info
}

/** Why a file was not read, in a few words. */
export function reasonOf(error: unknown): string {
  if (error instanceof FileError) return error.message
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}
