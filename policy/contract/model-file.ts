import { constants } from 'node:fs'
import { open, stat } from 'node:fs/promises'

/** The largest file that protobuf, the format of ONNX, allows. */
const LARGEST = 2 ** 31 - 1

/**
 * Reads the bytes of a model. Throws an Error where the path is no regular file, or the file is too large. Something
 * that is no file is not opened for reading, since a pipe would block.
 */
export async function readModelFile(path: string): Promise<Uint8Array> {
  requireFile(await stat(path))
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    requireFile(await handle.stat())
    return await handle.readFile()
  } finally {
    await handle.close()
  }
}

function requireFile(info: { isFile(): boolean; isDirectory(): boolean; readonly size: number }): void {
  if (info.isDirectory()) throw new Error('it is a folder')
  if (!info.isFile()) throw new Error('it is a pipe, a socket or a device, not a file')
  if (info.size > LARGEST) throw new Error(`it has ${info.size} bytes: a model has at most ${LARGEST}`)
}
