import { closeSync, openSync, writeSync } from 'node:fs'

export type NpyType = '|u1' | '<u2' | '<i4' | '<i8' | '<f4'

const HEADER = 128

/**
 * One array in NumPy's .npy format, version 1.0 (numpy.lib.format), written row by row: its first dimension is the
 * number of rows appended. The host is little-endian.
 */
export class NpyFile {
  rows = 0
  readonly #file: number
  readonly #type: NpyType
  readonly #shape: readonly number[]

  /** `shape`: of one row; [] for a scalar. */
  constructor(path: string, type: NpyType, shape: readonly number[]) {
    this.#file = openSync(path, 'w')
    this.#type = type
    this.#shape = shape
    writeSync(this.#file, Buffer.alloc(HEADER))
  }

  append(row: ArrayBufferView): void {
    writeSync(this.#file, new Uint8Array(row.buffer, row.byteOffset, row.byteLength))
    this.rows++
  }

  close(): void {
    const shape = [this.rows, ...this.#shape].join(', ')
    const text =
      `{'descr': '${this.#type}', 'fortran_order': False, 'shape': ` +
      `(${shape}${this.#shape.length === 0 ? ',' : ''}), }`
    const header = Buffer.alloc(HEADER, 0x20)
    header.write('\x93NUMPY\x01\x00', 0, 'latin1')
    header.writeUInt16LE(HEADER - 10, 8)
    header.write(text, 10, 'latin1')
    header[HEADER - 1] = 0x0a
    writeSync(this.#file, header, 0, HEADER, 0)
    closeSync(this.#file)
  }
}
