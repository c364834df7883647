import {
  MODALITIES,
  type DepthValue,
  type ImageValue,
  type Observation,
  type StreamValue,
} from '../fusion/observation.js'
import { CdrOutput } from '../middleware/cdr/cdr-output.js'
import { header, writeImage } from '../middleware/cdr/image-codec.js'
import { timeOf } from '../middleware/cdr/ros-time.js'
import type { Header, Image } from '../middleware/messages.js'
import type { Robot } from '../robots/robot.js'

type Of<K extends StreamValue['kind']> = Extract<StreamValue, { kind: K }>

export interface EncodingOptions {
  /** Whether the pictures are in the message. */
  readonly pictures: boolean
  /** Absolute seconds from which stamps count. */
  readonly epochSec: number
}

/** Encodes an observation as prehend_interfaces/AlignedObservation in CDR. */
export type EncodeObservation = (observation: Observation, options: EncodingOptions) => Buffer

const AXES = 6
const STATISTICS = 4
/** Bytes for the fields of a fixed size, and for their alignment. */
const FIXED = 1024
/** Bytes for one element of a list, beside its text or numbers. */
const ELEMENT = 32

/**
 * The encoder of a robot's observations. The message has all vector streams, the first window of the modality force, and
 * of every other kind the first stream in the robot file. Missing values are 0 or empty. The message is encoded here because rclnodejs cannot send a view on
 * pixels: it sends the start of the view's buffer.
 */
export function observationEncoder(robot: Pick<Robot, 'streams'>): EncodeObservation {
  const wrench = robot.streams.find(({ modality, align }) => modality === 'force' && align.strategy === 'window')
  const windows = wrench?.align.strategy === 'window' ? wrench.align.pyramid.map(nanoseconds => nanoseconds / 1e9) : []
  return (observation, options) => observationBytes(observation, { wrench: wrench?.name, windows }, options)
}

/** `wrench`: name of its stream. `windows`: lengths of the force pyramid's windows, s. */
function observationBytes(
  { index, stamp, emitted, mask, values }: Observation,
  { wrench, windows }: { readonly wrench: string | undefined; readonly windows: readonly number[] },
  { pictures, epochSec }: EncodingOptions,
): Buffer {
  const all = [...values]
  const first = <K extends StreamValue['kind']>(kind: K): Of<K> | undefined =>
    all.map(([, value]) => value).find((value): value is Of<K> => value?.kind === kind)
  const felt = wrench === undefined ? undefined : values.get(wrench)
  const window = felt?.kind === 'window' ? felt : undefined
  const pyramid = window?.pyramid ?? new Float64Array(AXES * STATISTICS * windows.length)
  const events = first('events')?.events ?? []
  const vectors = all.flatMap(([name, value]) => (value?.kind === 'vector' ? [{ name, data: value.data }] : []))
  const head = { stamp, frameId: '' }
  const rgb = picture(head, pictures ? first('image') : undefined)
  const depth = picture(head, pictures ? first('depth') : undefined)
  const size =
    FIXED +
    rgb.data.length +
    depth.data.length +
    8 * windows.length +
    4 * pyramid.length +
    events.reduce((sum, { text }) => sum + ELEMENT + Buffer.byteLength(text), 0) +
    vectors.reduce((sum, { name, data }) => sum + ELEMENT + Buffer.byteLength(name) + data.byteLength, 0)
  const output = header(new CdrOutput(size), head, epochSec).uint32(index)
  const given = timeOf(emitted, epochSec)
  output.int32(given.sec).uint32(given.nanosec)
  for (const modality of MODALITIES) output.uint8(mask[modality])
  output.float64s(window?.mean ?? new Float64Array(AXES)).uint32(window?.count ?? 0)
  output.uint32(windows.length).float64s(windows).uint32(pyramid.length).float32s(pyramid)
  output.uint32(events.length)
  for (const { text } of events) output.string(text)
  output
    .uint32(events.length)
    .float64s(events.map(({ ageS }) => ageS))
    .uint32(events.length)
    .float32s(events.map(({ confidence }) => confidence))
  output.uint32(vectors.length)
  for (const { name, data } of vectors) output.string(name).uint32(data.length).float64s(data)
  writeImage(output, rgb, epochSec)
  return writeImage(output, depth, epochSec).written
}

/** sensor_msgs/Image of a value; an image of size 0 where there is no value. */
function picture(head: Header, value: ImageValue | DepthValue | undefined): Image {
  if (value === undefined)
    return { ...head, height: 0, width: 0, encoding: '', isBigendian: false, step: 0, data: new Uint8Array(0) }
  const { width, height } = value
  const [encoding, bytes] =
    value.kind === 'depth'
      ? (['16UC1', 2] as const)
      : value.channels === 1
        ? (['mono8', 1] as const)
        : (['rgb8', 3] as const)
  const { buffer, byteOffset, byteLength } = value.data
  return {
    ...head,
    height,
    width,
    encoding,
    isBigendian: false,
    step: width * bytes,
    data: new Uint8Array(buffer, byteOffset, byteLength),
  }
}
