import { constants } from 'node:fs'
import { open, stat } from 'node:fs/promises'

/** What protobuf, ONNX's format, allows in one file. */
const LARGEST = 2 ** 31 - 1

/**
 * Reads a model's bytes. Throws Error for what is no file, which is not even opened (a pipe would be waited for), or
 * too large.
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
