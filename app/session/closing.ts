import { within } from './within.js'

/** Something that is closed when a session ends. */
export interface Closing {
  /** What a user is told when it fails or does not end. */
  readonly name: string
  readonly close: () => unknown
  /** A value that changes as long as the closing advances. It then may take longer than its limit. */
  readonly progress?: () => unknown
  /** ms without progress after which it is left as it is. Default: 5 s. */
  readonly limit?: number
}

const LIMIT = 5000
/** ms without a byte that the disk takes, after which a recording is left as it is. */
export const DISK_LIMIT = 30_000

/**
 * Closes everything, one after the other. What fails or does not end within its limit is told to `onError`, by its
 * name, and the next one follows. Never rejects.
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
  /** Bytes that the disk has taken. */
  readonly written: number
  close(): Promise<void>
  discard(): Promise<void>
}

/** `isKept`: whether it holds anything; otherwise nothing is left of it. */
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
