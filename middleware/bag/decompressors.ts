import { createRequire } from 'node:module'
import type lz4Type from '@foxglove/wasm-lz4'
import zstd from '@foxglove/wasm-zstd'
import { requirePeers } from '../../peers/peers.js'

/** Unpacks to `size` bytes. The bytes are its own. Throws where `packed` is damaged. */
export type Decompress = (packed: Uint8Array, size: bigint) => Uint8Array

/** By the name that an MCAP's chunk gives. They are WebAssembly. */
const DECOMPRESSORS: Readonly<Record<string, () => Promise<Decompress>>> = {
  lz4: async () => {
    // An instance of its own for each load.
    const name = require.resolve('@foxglove/wasm-lz4')
    Reflect.deleteProperty(require.cache, name)
    const lz4 = require(name) as typeof lz4Type
    await lz4.isLoaded
    return (packed, size) => new Uint8Array(lz4(packed, Number(size)))
  },
  zstd: async () => {
    await zstd.isLoaded
    return (packed, size) => new Uint8Array(zstd.decompress(packed, Number(size)))
  },
  /** MCAP's specification does not name it, some writers use it. */
  bz2: async () => {
    const { default: Bzip2 } = await import('@foxglove/wasm-bz2')
    const bzip2 = await Bzip2.init()
    return (packed, size) => bzip2.decompress(packed, Number(size), { small: false })
  },
}

const require = createRequire(import.meta.url)
const loading = new Map<string, Promise<Decompress>>()

/**
 * Loaded once; undefined for a name that is none. Throws MissingPackageError, which names the recording `path` that
 * needs the package.
 */
export async function loadDecompressor(name: string, path: string): Promise<Decompress | undefined> {
  if (!Object.hasOwn(DECOMPRESSORS, name)) return undefined
  let loaded = loading.get(name)
  if (loaded === undefined) {
    if (name === 'bz2') requirePeers(`${path}: chunks packed with bz2`, '@foxglove/wasm-bz2')
    loaded = DECOMPRESSORS[name]!()
    loading.set(name, loaded)
  }
  return loaded
}

/**
 * Unpacks with the decompressor of this name; undefined for a name that is none. wasm-lz4 keeps one context, which a
 * damaged chunk leaves in a state in which it can unpack no other chunk. So what fails is tried again with a new
 * instance, and the failed one is never used again. Throws where `packed` is damaged, and as `loadDecompressor`.
 */
export async function decompress(
  packed: Uint8Array,
  { name, size, path }: { readonly name: string; readonly size: number; readonly path: string },
): Promise<Uint8Array | undefined> {
  const unpack = await loadDecompressor(name, path)
  if (unpack === undefined) return undefined
  try {
    return unpack(packed, BigInt(size))
  } catch {
    loading.delete(name)
    const again = await loadDecompressor(name, path)
    try {
      return again?.(packed, BigInt(size))
    } catch (error) {
      loading.delete(name)
      throw error
    }
  }
}
