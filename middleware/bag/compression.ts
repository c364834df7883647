import zstd from '@foxglove/wasm-zstd'

/** How a writer packs its chunks. */
export interface Compression {
  readonly name: 'zstd'
  compress(records: Uint8Array): Uint8Array
}

/** Level 1: about 10 ms a chunk of 1 MiB, on the calling thread: for conversions, not for recording in real time. */
export async function zstdCompression(): Promise<Compression> {
  await zstd.isLoaded
  return { name: 'zstd', compress: records => zstd.compress(records, 1) }
}
