import type { Aligner } from '../../fusion/aligner.js'
import type { AlignerConfig, Stream } from '../../fusion/stream.js'
import { STREAM_TYPES } from '../../fusion/stream-types/stream-types.js'
import type { StreamType, VectorType } from '../../fusion/stream-types/stream-type.js'
import type { Header, Image } from '../../middleware/messages.js'
import { HeaderCheck } from './header-check.js'
import { JointSelection } from './joint-selection.js'
import { PictureNotices } from './picture-notices.js'
import { SourceTime } from './source-time.js'

/** A message as the feed takes it: a CompressedImage has been decoded. */
export type StreamMessage = object

/** A robot file has a stream type that is not registered. */
export class StreamTypeError extends Error {
  readonly code = 'STREAM_TYPE'
  readonly exit = 2
}

type Push<T> = (message: T, receive: number) => void

/**
 * Turns messages into input of the aligner, with one function for each stream. A message that cannot be used is
 * dropped: no stamp, a size that does not fit the data, an unknown encoding, an odd frame_id. The aligner counts it for
 * the stream. Where it is not clear which joints are meant, the function throws a JointsUnclearError once.
 */
export class StreamFeed {
  readonly #aligner: Aligner
  readonly #robot: Pick<AlignerConfig, 'name' | 'streams'>
  readonly #onNotice: ((text: string) => void) | undefined

  /** `onNotice` is told in one line what a user should know about a stream. */
  constructor(robot: Pick<AlignerConfig, 'name' | 'streams'>, aligner: Aligner, onNotice?: (text: string) => void) {
    this.#robot = robot
    this.#aligner = aligner
    this.#onNotice = onNotice
  }

  /**
   * The function that takes the messages of stream `index` (of `robot.streams`). `receive`: ns since the run's epoch,
   * never decreasing. Throws StreamTypeError where the stream's type is not registered.
   */
  push(index: number): Push<StreamMessage> {
    const stream = this.#robot.streams[index]!
    const declared = STREAM_TYPES.get(stream.type)
    if (!declared) {
      throw new StreamTypeError(
        `robot ${this.#robot.name}: stream ${stream.name}: type ${stream.type} is not one of ` +
          `${[...STREAM_TYPES.keys()].join(', ')}`,
      )
    }
    const make = makerOf(declared)
    return make({ aligner: this.#aligner, stream, index, onNotice: this.#onNotice }) as Push<StreamMessage>
  }
}

interface StreamTarget {
  readonly aligner: Aligner
  readonly stream: Stream
  readonly index: number
  readonly onNotice: ((text: string) => void) | undefined
}

type Make<M> = (feed: StreamTarget) => Push<M>

function makerOf(declared: StreamType): Make<never> {
  switch (declared.kind) {
    case 'frame':
      return pictures
    case 'vector': {
      const { values, unstamped } = declared
      if (values === undefined) return feed => selected(feed, declared)
      return feed => {
        const { aligner, index } = feed
        const push: PushStamped<never> = (message, stamp, receive) =>
          aligner.pushVector(index, stamp, receive, values(message))
        return unstamped ? arrived(push) : framed(feed, push)
      }
    }
    case 'event': {
      const { event, unstamped } = declared
      return feed => {
        const { aligner, index } = feed
        const push: PushStamped<never> = (message, stamp, receive) => {
          const { text, confidence } = event(message)
          aligner.pushEvent(index, stamp, receive, text, confidence)
        }
        return unstamped ? arrived(push) : stamped(feed, push)
      }
    }
  }
}

const pictures: Make<Image> = feed => {
  const { aligner, stream, index, onNotice } = feed
  const notices = new PictureNotices({ where: `stream ${stream.name} (${stream.topic})`, reading: stream, onNotice })
  const dropped = aligner.counters.streams.get(stream.name)?.dropped
  return framed(feed, (message, stamp, receive) => {
    notices.check(message)
    const before = dropped?.overload
    aligner.pushFrame(index, stamp, receive, message)
    if (dropped?.overload !== before) notices.noRoom(message)
  })
}

function selected(feed: StreamTarget, { joints, unstamped }: VectorType<never>): Push<never> {
  const { aligner, stream, index } = feed
  const selection = new JointSelection(`stream ${stream.name} (${stream.topic})`, stream.select)
  let told = false
  const push: PushStamped<never> = (message, stamp, receive) => {
    const fault = selection.take(joints ? joints(message) : message)
    if (fault === undefined) return aligner.pushVector(index, stamp, receive, selection.values)
    aligner.count(index, fault)
    if (!selection.unclear || told) return
    told = true
    throw selection.unclear
  }
  return unstamped ? arrived(push) : stamped(feed, push)
}

type PushStamped<M> = (message: M, stamp: number, receive: number) => void

/** Checks stamps and frame ids. */
function framed<M extends Header>({ aligner, stream, index, onNotice }: StreamTarget, push: PushStamped<M>): Push<M> {
  const check = HeaderCheck.of(stream, onNotice)
  const source = new SourceTime()
  return (message, receive) => {
    const fault = check.fault(message)
    if (fault !== undefined) return aligner.count(index, fault)
    push(message, stream.clock === 'estimate' ? source.of(message) : message.stamp, receive)
  }
}

/** Checks stamps alone: the values of events and joints do not depend on a frame. */
function stamped<M extends Header>({ aligner, stream, index }: StreamTarget, push: PushStamped<M>): Push<M> {
  const source = new SourceTime()
  return (message, receive) => {
    if (message.stamp === 0 && stream.timeline === 'header') return aligner.count(index, 'zero_stamp')
    push(message, stream.clock === 'estimate' ? source.of(message) : message.stamp, receive)
  }
}

/** For messages without a header: the receive time is the stamp. */
function arrived<M>(push: PushStamped<M>): Push<M> {
  return (message, receive) => push(message, receive, receive)
}
