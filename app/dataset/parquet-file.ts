import { fileWriter, ParquetWriter } from 'hyparquet-writer'

type Schema = ConstructorParameters<typeof ParquetWriter>[0]['schema']
type Element = Schema[number]

/** `PICTURE`: an encoded image as Hugging Face datasets keep it, `{ bytes: Uint8Array, path: string }`. */
export type ParquetType = 'BOOLEAN' | 'INT64' | 'FLOAT' | 'DOUBLE' | 'STRING' | 'PICTURE'

export interface ParquetColumn {
  readonly name: string
  readonly type: ParquetType
  /** How deep the lists around a value are nested: 0 for a scalar. */
  readonly lists: number
}

/** A Parquet file that is written one row group after another. Memory holds one row group. */
export class ParquetFile {
  readonly #columns: readonly ParquetColumn[]
  readonly #writer: ParquetWriter

  /** @param metadata key-value entries of the file. */
  constructor(path: string, columns: readonly ParquetColumn[], metadata: Readonly<Record<string, string>> = {}) {
    this.#columns = columns
    this.#writer = new ParquetWriter({
      writer: fileWriter(path),
      schema: [{ name: 'schema', num_children: columns.length }, ...columns.flatMap(elementsOf)],
      kvMetadata: Object.entries(metadata).map(([key, value]) => ({ key, value })),
      createdBy: 'prehend',
    })
  }

  /** Bytes so far. */
  get bytes(): number {
    return this.#writer.writer.offset
  }

  /** One row group. INT64 values are bigints. */
  async write(rows: readonly Readonly<Record<string, unknown>>[]): Promise<void> {
    if (rows.length === 0) return
    const columnData = this.#columns.map(({ name, type }) => ({
      name,
      data: rows.map(row => row[name]),
      offsetIndex: false,
      statistics: type !== 'PICTURE',
    }))
    await this.#writer.write({ columnData, rowGroupSize: rows.length })
  }

  async close(): Promise<void> {
    await this.#writer.finish()
  }
}

function elementsOf({ name, type, lists }: ParquetColumn): Element[] {
  if (lists > 0) {
    return [
      { name, repetition_type: 'REQUIRED', num_children: 1, converted_type: 'LIST' },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      ...elementsOf({ name: 'element', type, lists: lists - 1 }),
    ]
  }
  if (type === 'STRING') return [{ name, type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' }]
  if (type === 'PICTURE') {
    return [
      { name, repetition_type: 'REQUIRED', num_children: 2 },
      { name: 'bytes', type: 'BYTE_ARRAY', repetition_type: 'REQUIRED' },
      { name: 'path', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
    ]
  }
  return [{ name, type, repetition_type: 'REQUIRED' }]
}

/** Puts row-major numbers into nested arrays of a shape. */
export function nested<T>(flat: ArrayLike<T>, shape: readonly number[], offset = 0): unknown[] {
  const [length = 0, ...rest] = shape
  const step = rest.reduce((product, n) => product * n, 1)
  return Array.from({ length }, (_, i) =>
    rest.length === 0 ? flat[offset + i] : nested(flat, rest, offset + i * step),
  )
}
