import type { Aligner } from '../../fusion/aligner.js'
import type { Robot, Stream } from '../../robots/robot.js'
import type {
  Header,
  Image,
  JointState,
  MessageTypes,
  StringMessage,
  TypeName,
  VoiceEvent,
} from '../../middleware/messages.js'
import { HeaderJudge } from './header-judge.js'
import { JointSelection } from './joint-selection.js'
import { PictureNotices } from './picture-notices.js'
import { SourceTime } from './source-time.js'

/** The message types that a stream of a robot file may have. */
export type StreamType = Extract<
  TypeName,
  | 'sensor_msgs/msg/Image'
  | 'sensor_msgs/msg/CompressedImage'
  | 'geometry_msgs/msg/WrenchStamped'
  | 'geometry_msgs/msg/PoseStamped'
  | 'sensor_msgs/msg/JointState'
  | 'prehend_interfaces/msg/VoiceEvent'
  | 'std_msgs/msg/String'
>

/** What the feed takes of a stream: its messages, of CompressedImage decoded. */
export type Fed<T extends StreamType = StreamType> = MessageTypes[T extends 'sensor_msgs/msg/CompressedImage'
  ? 'sensor_msgs/msg/Image'
  : T]

export class StreamTypeError extends Error {
  readonly code = 'STREAM_TYPE'
  readonly exit = 2
}

type Push<T> = (message: T, receive: number) => void

/**
 * Turns messages into aligner input: one function a stream, made once. What a message must not be (without a stamp, a
 * size that does not fit
 * its data, an encoding nobody knows, an odd frame_id) is counted at the aligner, under the stream's name, and dropped.
 * Where joints are unclear the function throws, once, a JointsUnclearError.
 */
export class StreamFeed {
  readonly #aligner: Aligner
  readonly #robot: Robot
  readonly #onNotice: ((text: string) => void) | undefined

  /** `onNotice`: something about a stream that its user should know; one line. */
  constructor(robot: Robot, aligner: Aligner, onNotice?: (text: string) => void) {
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
    const make = makers[stream.type as StreamType] as Make<never> | undefined
    if (!make) {
      throw new StreamTypeError(
        `robot ${this.#robot.name}: stream ${stream.name}: type ${stream.type} is not one of ` +
          `${Object.keys(makers).join(', ')}`,
      )
    }
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

const image: Make<Image> = feed => {
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

const makers: { [T in StreamType]: Make<Fed<T>> } = {
  'sensor_msgs/msg/Image': image,
  'sensor_msgs/msg/CompressedImage': image,
  'geometry_msgs/msg/WrenchStamped': feed =>
    framed(feed, (message, stamp, receive) => feed.aligner.pushVector(feed.index, stamp, receive, message.wrench)),
  'geometry_msgs/msg/PoseStamped': feed =>
    framed(feed, (message, stamp, receive) => feed.aligner.pushVector(feed.index, stamp, receive, message.pose)),
  'sensor_msgs/msg/JointState': feed => {
    const { aligner, stream, index } = feed
    const joints = new JointSelection(`stream ${stream.name} (${stream.topic})`, stream.select)
    let told = false
    return stamped(feed, (message: JointState, stamp, receive) => {
      const fault = joints.take(message)
      if (fault === undefined) return aligner.pushVector(index, stamp, receive, joints.values)
      aligner.count(index, fault)
      if (!joints.unclear || told) return
      told = true
      throw joints.unclear
    })
  },
  'prehend_interfaces/msg/VoiceEvent': feed =>
    stamped(feed, (message: VoiceEvent, stamp, receive) =>
      feed.aligner.pushEvent(feed.index, stamp, receive, message.text, message.confidence),
    ),
  'std_msgs/msg/String':
    ({ aligner, index }) =>
    (message: StringMessage, receive) =>
      aligner.pushEvent(index, receive, receive, message.data, 1),
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
