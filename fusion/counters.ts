/** Why a sample or a tick was dropped. Each drop is counted under exactly one reason. */
export const DROP_REASONS = [
  /** The sample lies over 200 ms behind the newest of its stream, or is older than its buffer. */
  'late',
  /**
   * The reference sample lies at or before a tick that was already emitted. It makes no tick, but it is still used as a
   * sample.
   */
  'late_tick',
  /**
   * The stream already has this sample: the same stamp and the same value, or for pictures the same stamp. The first
   * one is kept. Also every further sample of a stamp that has 4096 samples already.
   */
  'duplicate',
  /** A vector or a confidence has a NaN or an infinity, or the stamp is NaN. */
  'nan',
  /**
   * The stamp lies more than one second after the arrival, or much further after it than those of the samples around
   * it. Where stamps are of another clock: it lies far ahead of the ticking stream.
   */
  'future',
  /** The header has no time. The reader of the header counts this. */
  'zero_stamp',
  /**
   * The stamp lies over 104 days from the run's epoch, where nanoseconds are not exact. The clock of the source is not
   * set, or it is another clock.
   */
  'stamp_range',
  /**
   * The message was logged over 50 days away from the rest of its recording. The reader of the recording counts this.
   */
  'log_time',
  /** The stream is on the receive clock, but the stamps in use are of another clock, so the two cannot be aligned. */
  'other_clock',
  /** The vector or the image has the wrong size. */
  'bad_size',
  /** The image encoding is not known, or it does not show what the modality of the stream needs. */
  'bad_encoding',
  /**
   * The JointState is malformed: it has no names, a wanted name occurs twice, or there are more or fewer values than
   * names. The reader of the message counts this.
   */
  'bad_joints',
  /**
   * The JointState has other joints than the stream; another node publishes on the topic. The reader of the message
   * counts this.
   */
  'other_joints',
  /** The pose has no orientation: its quaternion is (0, 0, 0, 0), or its length is far from 1. */
  'bad_rotation',
  /** The wrench is compensated by the tool's orientation, and no pose lies near enough in time. */
  'no_orientation',
  /**
   * The frame_id differs from the one before. It is counted once where the source has moved to another frame. The
   * reader of the header counts this.
   */
  'frame_id',
  /** The message has another type than the robot file says. Its reader counts this. */
  'bad_type',
  /** The bytes are no message of their type. Their reader counts this. */
  'bad_message',
  /** The compressed image is damaged, cut off, or no picture. The decoder counts this. */
  'undecodable',
  /**
   * Too many messages waited for pictures to be decoded (the intake counts this), or the buffer of the stream has no
   * bytes left for a picture.
   */
  'overload',
  /** The sample was used for the tare. */
  'tare',
  /** The sample is from the other side of a jump of time. */
  'other_side',
  /** The tick waited when time jumped, or the wrench waited for the tool's orientation. */
  'jump',
  /** The tick waited when an episode began, or the wrench waited for the tool's orientation. */
  'reset',
  /** The periodic tick lies inside a gap of all streams. */
  'gap',
] as const

/** Why a sample or a tick was dropped. */
export type DropReason = (typeof DROP_REASONS)[number]
/** How many samples or ticks were dropped, by the reason. */
export type Dropped = Record<DropReason, number>

/** What was counted of one stream. */
export interface StreamCounters {
  /** Samples that entered the buffer. */
  accepted: number
  /** Accepted samples that arrived after a newer one. */
  reordered: number
  /** Observations in which the stream was present. */
  present: number
  readonly dropped: Dropped
}

/** What was counted of the observations at one sequence of ticks. */
export interface ObservationCounters {
  readonly observations: number
  /** Observations in which a stream other than events was missing. */
  readonly incomplete: number
  /** Observations in which an earlier sample of a stream was held, because a later one had not come. */
  readonly held: number
}

/** What an aligner has counted since it was made, of the reference ticks where nothing else is said. */
export interface Counters extends ObservationCounters {
  readonly reordered: number
  /** Jumps of time, back or forward, that emptied all buffers. */
  jumps: number
  readonly dropped: Dropped
  readonly streams: ReadonlyMap<string, StreamCounters>
  /** Of the fast ticks. Undefined: there are none. */
  readonly fast: FastCounters | undefined
}

/** `dropped`: ticks that were not observed. */
export interface FastCounters extends ObservationCounters {
  readonly dropped: number
}

export function noDrops(): Dropped {
  return Object.fromEntries(DROP_REASONS.map(reason => [reason, 0])) as Dropped
}

/** What the sequences of ticks and the streams count, as one. */
export function countersOf({
  main,
  fast,
  streams,
}: {
  readonly main: { readonly counters: ObservationCounters }
  readonly fast: { readonly sequence: { readonly counters: ObservationCounters }; readonly dropped: number } | undefined
  readonly streams: ReadonlyMap<string, StreamCounters>
}): Counters {
  return {
    get observations() {
      return main.counters.observations
    },
    get incomplete() {
      return main.counters.incomplete
    },
    get held() {
      return main.counters.held
    },
    get reordered() {
      let sum = 0
      for (const stream of streams.values()) sum += stream.reordered
      return sum
    },
    jumps: 0,
    dropped: noDrops(),
    streams,
    get fast() {
      return fast && { ...fast.sequence.counters, dropped: fast.dropped }
    },
  }
}

/** The reasons with a count above 0, for reports. */
export function occurred(dropped: Readonly<Dropped>): Partial<Dropped> {
  return Object.fromEntries(DROP_REASONS.filter(reason => dropped[reason] > 0).map(reason => [reason, dropped[reason]]))
}
