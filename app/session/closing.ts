import { within } from './within.js'

/** Something that is closed when a session ends. */
export interface Closing {
  /** The name that an error message gives it when it fails or does not end. */
  readonly name: string
  readonly close: () => unknown
  /**
   * A value that changes as long as the closing makes progress. While it changes, the closing may take longer than its
   * limit.
   */
  readonly progress?: () => unknown
  /** ms without progress after which it is given up. Default: 5 s. */
  readonly limit?: number
}

const LIMIT = 5000
/** ms without a byte written to the disk, after which a recording is given up. */
export const DISK_LIMIT = 30_000

/**
 * Closes everything, one after the other. Where one fails or does not end within its limit, `onError` is called with an
 * error that has its name, and the next one follows. Never rejects.
 */
export async function closeInOrder(closings: readonly Closing[], onError: (error: unknown) => void): Promise<void> {
  for (const { name, close, progress, limit = LIMIT } of closings) {
    try {
      await within(limit, name, Promise.resolve(close()), progress)
    } catch (error) {
      onError(error)
    }
  }
}

/** A recording as a session closes it. */
export interface Recording {
  /** Bytes that are written to the disk. */
  readonly written: number
  close(): Promise<void>
  discard(): Promise<void>
}

/** How a recording is closed. `isKept`: whether it is kept when it is closed; otherwise it is discarded. */
export function recordingClosing(recording: Recording | undefined, isKept: () => boolean): readonly Closing[] {
  if (!recording) return []
  return [
    {
      name: 'recording',
      close: () => (isKept() ? recording.close() : recording.discard()),
      progress: () => recording.written,
      limit: DISK_LIMIT,
    },
  ]
}
