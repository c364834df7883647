import zstd from '@foxglove/wasm-zstd'

/** How a writer compresses its chunks. */
export interface Compression {
  readonly name: 'zstd'
  compress(records: Uint8Array): Uint8Array
}

/**
 * zstd at level 1: about 10 ms for a chunk of 1 MiB, on the calling thread. That suits a conversion, and is too slow
 * for a recording in real time.
 */
export async function zstdCompression(): Promise<Compression> {
  await zstd.isLoaded
  return { name: 'zstd', compress: records => zstd.compress(records, 1) }
}
