import type { Aligner } from '../fusion/aligner.js'
import type { Robot, Stream } from '../fusion/robot/robot.js'
import type {
  Header, Image, JointState, MessageTypes, PoseStamped, StringMessage, TypeName, VoiceEvent, WrenchStamped,
} from '../middleware/messages.js'
import { JointSelection } from './joint-selection.js'
import { PictureNotices } from './picture-notices.js'

/** The message types that a stream of a robot file may have. */
export type StreamType = Extract<TypeName,
  | 'sensor_msgs/msg/Image' | 'sensor_msgs/msg/CompressedImage' | 'geometry_msgs/msg/WrenchStamped' | 'geometry_msgs/msg/PoseStamped'
  | 'sensor_msgs/msg/JointState' | 'prehend_interfaces/msg/VoiceEvent' | 'std_msgs/msg/String'>

/** What the feed takes of a stream: its messages, of CompressedImage decoded. */
export type Fed<T extends StreamType = StreamType> = MessageTypes[T extends 'sensor_msgs/msg/CompressedImage' ? 'sensor_msgs/msg/Image' : T]

export class StreamTypeError extends Error {
  readonly code = 'STREAM_TYPE'
  readonly exit = 2
}

type Push<T> = (message: T, receive: number) => void

/**
 * Turns messages into aligner input: one function a stream, made once. What a message must not be (a stamp of zero, a size that does not fit
 * its data, an encoding nobody knows, a frame_id that is not the stream's first one) is counted at the aligner, under the stream's name, and dropped.
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

  /** The function that takes the messages of stream `index` (of `robot.streams`); `receive` in ns since the run's epoch, never decreasing. */
  push(index: number): Push<Fed> {
    const stream = this.#robot.streams[index]
    const make = makers[stream.type as StreamType] as Make<never> | undefined
    if (!make) {
      throw new StreamTypeError(`robot ${this.#robot.name}: stream ${stream.name}: type ${stream.type} is not one of ${Object.keys(makers).join(', ')}`)
    }
    return make(this.#aligner, stream, index, this.#onNotice) as Push<Fed>
  }
}

type Make<M> = (aligner: Aligner, stream: Stream, index: number, onNotice: ((text: string) => void) | undefined) => Push<M>

const image: Make<Image> = (aligner, stream, index, onNotice) => {
  const notices = new PictureNotices({ where: `stream ${stream.name} (${stream.topic})`, reading: stream, onNotice })
  return framed(aligner, index, (message: Image, receive) => {
    notices.look(message)
    aligner.pushFrame(index, message.stamp, receive, message)
  })
}

const makers: { [T in StreamType]: Make<Fed<T>> } = {
  'sensor_msgs/msg/Image': image,
  'sensor_msgs/msg/CompressedImage': image,
  'geometry_msgs/msg/WrenchStamped': (aligner, _stream, index) => framed(aligner, index, (message: WrenchStamped, receive) =>
    aligner.pushVector(index, message.stamp, receive, message.wrench)),
  'geometry_msgs/msg/PoseStamped': (aligner, _stream, index) => framed(aligner, index, (message: PoseStamped, receive) =>
    aligner.pushVector(index, message.stamp, receive, message.pose)),
  'sensor_msgs/msg/JointState': (aligner, stream, index) => {
    const joints = new JointSelection(`stream ${stream.name} (${stream.topic})`, stream.select)
    let told = false
    return (message: JointState, receive) => {
      if (message.stamp <= 0) return aligner.count(index, 'zero_stamp')
      const fault = joints.take(message)
      if (fault === undefined) return aligner.pushVector(index, message.stamp, receive, joints.values)
      aligner.count(index, fault)
      if (!joints.unclear || told) return
      told = true
      throw joints.unclear
    }
  },
  'prehend_interfaces/msg/VoiceEvent': (aligner, _stream, index) => (message: VoiceEvent, receive) => {
    if (message.stamp <= 0) return aligner.count(index, 'zero_stamp')
    aligner.pushEvent(index, message.stamp, receive, message.text, message.confidence)
  },
  'std_msgs/msg/String': (aligner, _stream, index) => (message: StringMessage, receive) => {
    aligner.pushEvent(index, receive, receive, message.data, 1)
  },
}

/** Passes on what has a stamp and the frame of the stream's first message that had one. */
function framed<M extends Header>(aligner: Aligner, index: number, push: Push<M>): Push<M> {
  let frameId: string | undefined
  return (message, receive) => {
    if (message.stamp <= 0) return aligner.count(index, 'zero_stamp')
    frameId ??= message.frameId
    if (message.frameId !== frameId) return aligner.count(index, 'frame_id')
    push(message, receive)
  }
}
