import { strategyOf } from '../../fusion/align/strategies.js'
import type { EventsValue, Observation, StreamValue } from '../../fusion/observation.js'
import type { Contract } from '../../policy/contract/contract.js'
import type { InputSpec } from '../../policy/contract/input-spec.js'
import { Features } from '../../policy/features/features.js'
import { NO_EVENT } from '../../policy/features/makers.js'
import type { Robot, Stream } from '../../robots/robot.js'
import { SECOND } from '../../fusion/stamp.js'
import { isImageType, STREAM_TYPES, valueNames } from '../../fusion/stream-types/stream-types.js'
import { UsageError } from '../output/output.js'
import { actionColumn } from './actions/action-column.js'
import type { NumberColumn, PictureColumn } from './column.js'
import type { SetUnits } from './set-units.js'
import type { AnsweredObservation } from './training-set.js'

export interface ColumnOptions {
  /** Samples that a window column has room for. */
  readonly room: number
  readonly sizes: PictureSizes
  readonly units: SetUnits
  /** How colour pictures are stored. */
  readonly colour: 'image' | 'video'
  /** Gives the index of a text in the table of tasks. */
  readonly taskOf: (text: string) => number
}

/** Pixels of pictures by camera. Under the empty name: of all others. What has none keeps its size. */
export type PictureSizes = ReadonlyMap<string, { readonly width: number; readonly height: number }>

/**
 * The columns of a robot's LeRobot set, named as LeRobot names them (`observation.images.*`, `observation.state`,
 * `action`). The code that makes a policy's inputs makes them too, so that training and inference see the same numbers.
 * `inputs` are the inputs of a policy contract for these columns. In the state the poses come first.
 */
export class LeRobotColumns {
  readonly inputs: Contract['inputs']
  readonly pictures: readonly PictureColumn[]
  readonly numbers: readonly NumberColumn[]
  readonly #features: Features

  /**
   * `row` must have all pictures, since it gives their sizes. Throws UsageError where the values of a stream have no
   * names, or where a unit cannot be said of them.
   */
  constructor(robot: Robot, row: AnsweredObservation, options: ColumnOptions) {
    const { observation } = row
    const { inputs, names } = inputsOf(robot, observation, options)
    this.inputs = inputs
    const outputs = { action_chunk: { rate: 1 } } as Contract['outputs']
    // The set says itself what its actions command, so no actuator is missing in the contract.
    const inputsOnly: Robot = { ...robot, actuators: [] }
    const contract: Contract = { version: 2, name: 'LeRobot set', robot: inputsOnly, inputs, outputs, vocabulary: [] }
    this.#features = new Features(contract, inputsOnly)
    const { tensors } = this.#features
    this.pictures = Object.entries(inputs)
      .filter(([, { as }]) => as === 'image' || as === 'depth')
      .map(([key, input]) => pictureColumn(key, input, tensors[key] as Uint8Array | Float32Array, options.colour))
    const plain = Object.entries(inputs)
      .filter(([, { as }]) => as !== 'image' && as !== 'depth')
      .map(
        ([key, { shape }]): NumberColumn => ({
          key,
          feature: { dtype: 'float32', shape: shape.slice(1), names: names[key] ?? null },
          value: () => tensors[key] as Float32Array,
        }),
      )
    const windows = robot.streams.filter(({ align }) => align.strategy === 'window')
    const events = robot.streams.filter(({ align }) => align.strategy === 'events')
    this.numbers = [
      ...plain,
      ...windows.flatMap(stream => windowColumns(stream, observation.values.get(stream.name), options.room)),
      ...events.flatMap(stream => eventColumns(stream, options)),
      actionColumn(row, options.units),
    ]
  }

  /** Makes the values of a row. Pictures and plain numbers are valid until the next call. */
  fill({ observation }: AnsweredObservation): void {
    this.#features.fill(observation)
  }
}

/** Whether every picture of the robot is in an observation. */
export function hasPictures(robot: Robot, { values }: Observation): boolean {
  return robot.streams.every(({ name, type }) => !isImageType(type) || values.get(name) !== undefined)
}

/** Whether every stream of the robot has a value in an observation. That nothing was said is a value too. */
export function isComplete(robot: Robot, { values }: Observation): boolean {
  return robot.streams.every(({ name, align }) => align.strategy === 'events' || values.get(name) !== undefined)
}

function inputsOf(
  robot: Robot,
  { values }: Observation,
  { sizes, units }: Pick<ColumnOptions, 'sizes' | 'units'>,
): { inputs: Contract['inputs']; names: Record<string, readonly string[]> } {
  const { streams } = robot
  const inputs: Record<string, InputSpec> = {}
  const names: Record<string, readonly string[]> = {}
  for (const { name, type, modality } of streams) {
    const value = values.get(name)
    if (!isImageType(type) || (value?.kind !== 'image' && value?.kind !== 'depth')) continue
    const { width, height } = sizes.get(name) ?? sizes.get('') ?? value
    inputs[`observation.images.${name}`] =
      modality === 'depth'
        ? { as: 'depth', dtype: 'float32', shape: [1, 1, height, width], from: [name] }
        : { as: 'image', dtype: 'uint8', shape: [1, 3, height, width], from: [name] }
  }
  const isPose = ({ type }: Stream): number => (type === 'geometry_msgs/msg/PoseStamped' ? 1 : 0)
  const body = streams
    .filter(({ modality, align }) => modality === 'proprioception' && strategyOf(align).gives === undefined)
    .sort((a, b) => isPose(b) - isPose(a))
  if (body.length > 0) {
    const all = body.flatMap(stream => namesOf(stream, values.get(stream.name)))
    inputs['observation.state'] = {
      as: 'vector',
      dtype: 'float32',
      shape: [1, all.length],
      from: body.map(({ name }) => name),
      ...units.ofState(all),
    }
    names['observation.state'] = units.namesOf(all)
  }
  const windows = streams.filter(({ align }) => align.strategy === 'window')
  windows.forEach((stream, index) => {
    const { name, align } = stream
    if (align.strategy !== 'window') return
    const width = widthOf(stream, values.get(name))
    const key = index === 0 && stream.modality === 'force' ? 'observation.force_pyramid' : `observation.${name}_pyramid`
    inputs[key] = { as: 'pyramid', dtype: 'float32', shape: [1, width, 4 * align.pyramid.length], from: [name] }
    names[key] = ['axis', 'window_and_statistic']
  })
  inputs['observation.modality_mask'] = {
    as: 'mask',
    dtype: 'float32',
    shape: [1, streams.length],
    from: streams.map(({ name }) => name),
  }
  names['observation.modality_mask'] = streams.map(({ name }) => name)
  return { inputs, names }
}

/**
 * Number of values of a vector stream. Where only the messages tell it, that of `value`. Throws UsageError where there is
 * no value either.
 */
function widthOf(stream: Stream, value: StreamValue | undefined): number {
  const width = valueNames(stream)?.length
  if (width !== undefined) return width
  if (value?.kind === 'window') return value.mean.length
  if (value?.kind === 'vector') return value.data.length
  throw new UsageError(
    `stream ${stream.name}: the first observation with all pictures does not have it, so the number of its values is ` +
      'not known; begin the recording after the first message of this stream',
  )
}

/** Names of a stream's values. Those of an array are numbers. Throws UsageError where joints are not named. */
function namesOf(stream: Stream, value: StreamValue | undefined): string[] {
  const declared = STREAM_TYPES.get(stream.type)
  const isSelectable = declared?.kind === 'vector' && declared.selectable === true
  const names =
    valueNames(stream) ?? (isSelectable ? undefined : Array.from({ length: widthOf(stream, value) }, (_, i) => `${i}`))
  if (names === undefined)
    throw new UsageError(`stream ${stream.name}: its values have no names: name them with select in the robot file`)
  const rows = strategyOf(stream.align).rows?.(stream.align) ?? 1
  if (rows === 1 || valueNames(stream) === undefined) return names.map(value => `${stream.name}.${value}`)
  return Array.from({ length: rows }, (_, row) => names.map(value => `${stream.name}.${row}.${value}`)).flat()
}

/** Turns planes into interleaved pixels, and metres into whole millimetres. */
function pictureColumn(
  key: string,
  { shape }: InputSpec,
  tensor: Uint8Array | Float32Array,
  colour: 'image' | 'video',
): PictureColumn {
  const [, channels = 0, height = 0, width = 0] = shape
  const pixels = width * height
  const names = ['height', 'width', 'channels']
  if (channels === 1) {
    return {
      key,
      width,
      height,
      channels,
      feature: { dtype: 'image', shape: [height, width, 1], names, info: { is_depth_map: true, depth_unit: 'mm' } },
      value: () => Uint16Array.from(tensor, metres => Math.round(metres * 1000)),
    }
  }
  return {
    key,
    width,
    height,
    channels: 3,
    feature: { dtype: colour, shape: [height, width, 3], names },
    value: () => {
      const out = new Uint8Array(3 * pixels)
      for (let c = 0; c < 3; c++) for (let i = 0, from = c * pixels; i < pixels; i++) out[3 * i + c] = tensor[from + i]!
      return out
    },
  }
}

/**
 * Three columns of a window: the newest `room` samples since the row before, oldest first; how many samples there were;
 * the age of each at the row's stamp (s).
 */
function windowColumns(stream: Stream, value: StreamValue | undefined, room: number): NumberColumn[] {
  const { name } = stream
  const key = `observation.${name}`
  const width = widthOf(stream, value)
  const of = ({ samples }: AnsweredObservation) =>
    samples.get(name) ?? { stamps: new Float64Array(0), values: new Float64Array(0) }
  const first = (count: number): number => Math.max(0, count - room)
  return [
    {
      key,
      pad: 0,
      feature: { dtype: 'float32', shape: [room, width], names: ['sample', 'axis'] },
      value: row => {
        const { stamps, values } = of(row)
        return values.subarray(first(stamps.length) * width)
      },
    },
    {
      key: `${key}_count`,
      feature: { dtype: 'int64', shape: [1], names: null },
      value: row => [of(row).stamps.length],
    },
    {
      key: `${key}_age`,
      pad: NO_EVENT,
      feature: { dtype: 'float64', shape: [room], names: null },
      value: row => {
        const { stamps } = of(row)
        return stamps.subarray(first(stamps.length)).map(stamp => (row.observation.stamp - stamp) / SECOND)
      },
    },
  ]
}

/** Three columns of the last events, newest first: the index of each event's task, its age (s), its confidence. */
function eventColumns({ name, align }: Stream, { taskOf }: ColumnOptions): NumberColumn[] {
  const room = align.strategy === 'events' ? align.count : 1
  const key = `observation.${name}`
  const of = ({ observation }: AnsweredObservation): EventsValue['events'] => {
    const value = observation.values.get(name)
    return value?.kind === 'events' ? [...value.events].reverse() : []
  }
  const column = (
    what: string,
    dtype: 'int64' | 'float32',
    value: (event: EventsValue['events'][number]) => number,
  ): NumberColumn => ({
    key: `${key}_${what}`,
    pad: NO_EVENT,
    feature: { dtype, shape: [room], names: null },
    value: row => of(row).map(value),
  })
  return [
    column('task', 'int64', ({ text }) => taskOf(text)),
    column('age', 'float32', ({ ageS }) => ageS),
    column('confidence', 'float32', ({ confidence }) => confidence),
  ]
}

/** The text of the newest event. '' where nothing has been said, or the robot has no voice stream. */
export function taskText(robot: Robot, { values }: Observation): string {
  for (const { name } of robot.streams) {
    const value = values.get(name)
    if (value?.kind === 'events' && value.events.length > 0) return value.events[value.events.length - 1]!.text
  }
  return ''
}
