/** Bytes that are no zstd, damaged, or more than is unpacked; the message says which, without a name. */
export class ZstdError extends Error {}
