import type { Aligner } from '../../fusion/aligner.js'
import type { AlignerConfig, Stream } from '../../fusion/stream.js'
import { STREAM_TYPES } from '../../fusion/stream-types/registry.js'
import type { StreamType } from '../../fusion/stream-types/stream-type.js'
import type { Header, Image, JointState } from '../../middleware/messages.js'
import { HeaderJudge } from './header-judge.js'
import { JointSelection } from './joint-selection.js'
import { PictureNotices } from './picture-notices.js'
import { SourceTime } from './source-time.js'

/** What the feed takes of a stream: its messages, of CompressedImage decoded. */
export type Fed = object

export class StreamTypeError extends Error {
  readonly code = 'STREAM_TYPE'
  readonly exit = 2
}

type Push<T> = (message: T, receive: number) => void

/**
 * Turns messages into aligner input: one function a stream, made once. What a message must not be (without a stamp, a
 * size that does not fit its data, an encoding nobody knows, an odd frame_id) is counted at the aligner, under the
 * stream's name, and dropped. Where joints are unclear the function throws, once, a JointsUnclearError.
 */
export class StreamFeed {
  readonly #aligner: Aligner
  readonly #robot: Pick<AlignerConfig, 'name' | 'streams'>
  readonly #onNotice: ((text: string) => void) | undefined

  /** `onNotice`: something about a stream that its user should know; one line. */
  constructor(robot: Pick<AlignerConfig, 'name' | 'streams'>, aligner: Aligner, onNotice?: (text: string) => void) {
    this.#robot = robot
    this.#aligner = aligner
    this.#onNotice = onNotice
  }

  /**
   * The function that takes the messages of stream `index` (of `robot.streams`); `receive` in ns since the run's epoch,
   * never decreasing.
   */
  push(index: number): Push<Fed> {
    const stream = this.#robot.streams[index]!
    const declared = STREAM_TYPES.get(stream.type)
    if (!declared) {
      throw new StreamTypeError(
        `robot ${this.#robot.name}: stream ${stream.name}: type ${stream.type} is not one of ` +
          `${[...STREAM_TYPES.keys()].join(', ')}`,
      )
    }
    const make = makerOf(declared)
    return make({ aligner: this.#aligner, stream, index, onNotice: this.#onNotice }) as Push<Fed>
  }
}

interface Feeding {
  readonly aligner: Aligner
  readonly stream: Stream
  readonly index: number
  readonly onNotice: ((text: string) => void) | undefined
}

type Make<M> = (feed: Feeding) => Push<M>

function makerOf(declared: StreamType): Make<never> {
  switch (declared.kind) {
    case 'frame':
      return pictures
    case 'vector': {
      const { values, unstamped } = declared
      if (values === undefined) return joints
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
    notices.look(message)
    const before = dropped?.overload
    aligner.pushFrame(index, stamp, receive, message)
    if (dropped?.overload !== before) notices.noRoom(message)
  })
}

const joints: Make<JointState> = feed => {
  const { aligner, stream, index } = feed
  const selection = new JointSelection(`stream ${stream.name} (${stream.topic})`, stream.select)
  let told = false
  return stamped(feed, (message, stamp, receive) => {
    const fault = selection.take(message)
    if (fault === undefined) return aligner.pushVector(index, stamp, receive, selection.values)
    aligner.count(index, fault)
    if (!selection.unclear || told) return
    told = true
    throw selection.unclear
  })
}

type PushStamped<M> = (message: M, stamp: number, receive: number) => void

/** Passes on what has a stamp, and a frame to be believed. */
function framed<M extends Header>({ aligner, stream, index, onNotice }: Feeding, push: PushStamped<M>): Push<M> {
  const judge = HeaderJudge.of(stream, onNotice)
  const source = new SourceTime()
  return (message, receive) => {
    const fault = judge.fault(message)
    if (fault !== undefined) return aligner.count(index, fault)
    push(message, stream.clock === 'estimate' ? source.of(message) : message.stamp, receive)
  }
}

/** Passes on what has a stamp; the frame of an event or of joints is nothing that their values depend on. */
function stamped<M extends Header>({ aligner, stream, index }: Feeding, push: PushStamped<M>): Push<M> {
  const source = new SourceTime()
  return (message, receive) => {
    if (message.stamp === 0 && stream.timeline === 'header') return aligner.count(index, 'zero_stamp')
    push(message, stream.clock === 'estimate' ? source.of(message) : message.stamp, receive)
  }
}

/** Passes on what has no header, with its arrival. */
function arrived<M>(push: PushStamped<M>): Push<M> {
  return (message, receive) => push(message, receive, receive)
}
