/** Bytes that are no zstd, are damaged, or decompress to too much. The message says which, without the file's name. */
export class ZstdError extends Error {}
