import type { DriverError } from './driver-error.js'

/** What a byte stream tells its listeners. */
export interface ByteStreamEvents {
  bytes: [bytes: Uint8Array]
  /** The device is gone. Every write rejects with DISCONNECTED until `back`. */
  lost: [reason: DriverError]
  /** The device is there again, and writes work. */
  back: []
}

/** A stream of bytes in both directions, such as a serial port. */
export interface ByteStream {
  /** Rejects with a DriverError. It may be called again after a rejection or after `close`. */
  open(): Promise<void>
  /** Resolves when the last byte has left. The value is the host's monotonic clock at that moment, in ns. */
  write(bytes: Uint8Array): Promise<number>
  close(): Promise<void>
  on<K extends keyof ByteStreamEvents>(event: K, listener: (...args: ByteStreamEvents[K]) => void): unknown
}

/** The host's monotonic clock, whole ns. */
export function monotonicNs(): number {
  return Number(process.hrtime.bigint())
}
