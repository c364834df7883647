/**
 * The status of a parallel gripper. Widths are in m. `stamp` is the host's monotonic clock in ns, taken before the
 * first byte of the request left: the values are never older than `stamp`, however late the answer came.
 */
export interface GripperStatus {
  readonly stamp: number
  readonly width: number
  readonly requestedWidth: number
  /** Motor current in A, as the device measures it. */
  readonly current: number
  /** False before the activation, and after a major fault. */
  readonly activated: boolean
  /**
   * `closing`: an object stopped the fingers while they closed, so it is held. `opening`: an object stopped them while
   * they opened. `none`: the fingers stand still, and no object stopped them.
   */
  readonly object: 'moving' | 'closing' | 'opening' | 'none'
  /** The device's own fault code; 0: none. `faultText` says what it means. */
  readonly fault: number
  readonly faultText: string
}

/** Counters of a driver's connection. */
export interface WireStats {
  framesSent: number
  framesReceived: number
  crcErrors: number
  timeouts: number
  reconnects: number
}

/**
 * A parallel gripper. Every promise rejects with a DriverError (fixed `code`) on a fault, and every promise settles.
 */
export interface Gripper {
  readonly stats: Readonly<WireStats>
  /** Opens the port and activates the device. It may be called again after a rejection or after `close`. */
  connect(): Promise<void>
  /**
   * Moves the fingers to `width` (m) at `speed` (m/s) with a grip force of `effort` (N). Resolves when the device has
   * acknowledged the command. `written` is the host's monotonic clock in ns when the command's last byte had left.
   */
  move(command: { width: number; speed: number; effort: number }): Promise<{ written: number }>
  /** Stops the fingers where they are. It is sent before every command that waits. */
  stop(): Promise<void>
  /** Reads the device's status. */
  status(): Promise<GripperStatus>
  /** Closes the port. Commands that wait reject with CLOSED. */
  close(): Promise<void>
}
