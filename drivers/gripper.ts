/**
 * What a parallel gripper reports. m, N; `stamp` is the host's monotonic clock in ns before the first byte of the
 * request that was answered: the device measured no earlier, however late its answer came.
 */
export interface GripperStatus {
  readonly stamp: number
  readonly width: number
  readonly requestedWidth: number
  /** Motor current as the device reports it, A. */
  readonly current: number
  readonly activated: boolean
  /** `closing`: stopped on contact while closing: an object is held. `opening`: likewise while opening. */
  readonly object: 'moving' | 'closing' | 'opening' | 'none'
  /** 0: none; else the device's own code, with `faultText`. */
  readonly fault: number
  readonly faultText: string
}

export interface WireStats {
  framesSent: number
  framesReceived: number
  crcErrors: number
  timeouts: number
  reconnects: number
}

/** A parallel gripper on a wire. Every promise rejects with a DriverError (fixed `code`) on a fault; none hangs. */
export interface Gripper {
  readonly stats: Readonly<WireStats>
  /** Opens the port and activates the device. */
  connect(): Promise<void>
  /**
   * Resolves when the device acknowledged; `written` is the host's monotonic ns at which the command's last byte had
   * left (drained).
   */
  move(command: { width: number; speed: number; effort: number }): Promise<{ written: number }>
  /** Stops the fingers where they are. Goes ahead of anything queued. */
  stop(): Promise<void>
  status(): Promise<GripperStatus>
  close(): Promise<void>
}
