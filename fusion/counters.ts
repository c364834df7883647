/** Why a sample, a tick or a waiting tick was left out; each occurrence is counted under exactly one. */
export const DROP_REASONS = [
  /** A sample over 200 ms behind its stream's newest, or older than its buffer. */
  'late',
  /**
   * A reference sample at or before a tick that was already emitted: it makes no tick, and is still used as a sample.
   */
  'late_tick',
  /**
   * A sample that its stream already has: the same stamp and the same value; of pictures, the same stamp. The first
   * stays. Also what comes of a stamp that has 4096 samples.
   */
  'duplicate',
  /** NaN or infinity in a vector or a confidence; a stamp that is NaN. */
  'nan',
  /**
   * Stamped later than its arrival by more than a second, or further ahead of it than the samples around it; of another
   * clock, far ahead of the ticking stream.
   */
  'future',
  /** A header without a time; counted by whoever reads the header. */
  'zero_stamp',
  /**
   * A stamp over 104 days from the run's epoch, where nanoseconds are not exact: its clock is not set, or is not ours.
   */
  'stamp_range',
  /** A message that was logged over 50 days from the rest of its recording; counted by whoever reads the recording. */
  'log_time',
  /** Of a stream on the receive clock, while the stamps in use are of another clock: the two cannot be aligned. */
  'other_clock',
  /** A vector or an image of the wrong size. */
  'bad_size',
  /** An image encoding that is not known, or that is not its stream's modality. */
  'bad_encoding',
  /**
   * A JointState that is none: without names, with a wanted name twice, or with another number of values than of names;
   * counted by whoever reads it.
   */
  'bad_joints',
  /** A JointState of other joints than the stream's: another publisher's on the topic; counted by whoever reads it. */
  'other_joints',
  /** A pose without an orientation: its quaternion is (0, 0, 0, 0) or far from unit length. */
  'bad_rotation',
  /**
   * A frame_id that differs from those before, once where the source has moved to it; counted by whoever reads the
   * header.
   */
  'frame_id',
  /** A message of another type than the robot file says; counted by whoever reads it. */
  'bad_type',
  /** Bytes that are no message of their type; counted by whoever reads them. */
  'bad_message',
  /** A compressed image whose bytes are damaged, cut off or no picture; counted by whoever decodes it. */
  'undecodable',
  /**
   * It came while too much waited for pictures to be decoded, counted by whoever keeps the order; or a picture for
   * which its stream's buffer has no bytes left.
   */
  'overload',
  /** Used up for the tare. */
  'tare',
  /** From the other side of a time jump. */
  'other_side',
  /** A tick that waited when time jumped. */
  'jump',
  /** A tick that waited when an episode began. */
  'reset',
  /** A periodic tick inside a gap of all streams. */
  'gap',
] as const

export type DropReason = (typeof DROP_REASONS)[number]
export type Dropped = Record<DropReason, number>

export interface StreamCounters {
  /** Samples taken into the buffer. */
  accepted: number
  /** Accepted samples that arrived after a newer one. */
  reordered: number
  /** Observations in which it was present. */
  present: number
  readonly dropped: Dropped
}

export interface Counters {
  observations: number
  /** Observations in which a stream other than events was missing. */
  incomplete: number
  /** Observations in which a stream's earlier sample stood in for a later one that had not come. */
  held: number
  readonly reordered: number
  /** Jumps of time, back or forward, that emptied all buffers. */
  jumps: number
  readonly dropped: Dropped
  readonly streams: ReadonlyMap<string, StreamCounters>
}

export function noDrops(): Dropped {
  return Object.fromEntries(DROP_REASONS.map(reason => [reason, 0])) as Dropped
}

/** The reasons that occurred, for reports. */
export function occurred(dropped: Readonly<Dropped>): Partial<Dropped> {
  return Object.fromEntries(DROP_REASONS.filter(reason => dropped[reason] > 0).map(reason => [reason, dropped[reason]]))
}
