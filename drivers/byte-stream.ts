import type { DriverError } from './driver-error.js'

export interface ByteStreamEvents {
  bytes: [bytes: Uint8Array]
  /** The far end is gone; writes reject with DISCONNECTED until `back`. */
  lost: [reason: DriverError]
  back: []
}

/** Bytes both ways, as a serial port gives them. */
export interface ByteStream {
  /** Rejects with a DriverError; may be called again after a rejection or a close. */
  open(): Promise<void>
  /** Resolves once the last byte has left, with the host's monotonic clock in ns at that moment. */
  write(bytes: Uint8Array): Promise<number>
  close(): Promise<void>
  on<K extends keyof ByteStreamEvents>(event: K, listener: (...args: ByteStreamEvents[K]) => void): unknown
}

/** The host's monotonic clock, whole ns. */
export function monotonicNs(): number {
  return Number(process.hrtime.bigint())
}
