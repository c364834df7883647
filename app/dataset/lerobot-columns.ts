import type { EventsValue, Observation } from '../../fusion/observation.js'
import type { Contract, InputSpec } from '../../policy/contract/contract.js'
import { Features, NO_EVENT } from '../../policy/features/features.js'
import type { SetPoint } from '../../control/chunk/set-point.js'
import { Trajectory } from '../../control/chunk/trajectory.js'
import type { Robot, Stream } from '../../robots/robot.js'
import { SECOND } from '../../fusion/stamp.js'
import { isImageType, valueNames } from '../../fusion/stream-types/registry.js'
import { UsageError } from '../output/output.js'
import type { AnsweredObservation } from './training-set.js'

/** A feature as `meta/info.json` describes it. */
export interface Feature {
  readonly dtype: 'float32' | 'float64' | 'int64' | 'bool' | 'image' | 'video'
  readonly shape: readonly number[]
  readonly names: readonly string[] | null
  readonly info?: Readonly<Record<string, unknown>>
}

/** Numbers of a row. */
export interface NumberColumn {
  readonly key: string
  readonly feature: Feature
  /** Given where the first dimension is filled up to its length, with this. */
  readonly pad?: number
  /** Row-major; of a padded column only what is there. */
  value(row: AnsweredObservation): ArrayLike<number>
}

/** A picture of a row: u8[h * w * 3] or u16[h * w] in mm, row-major. */
export interface PictureColumn {
  readonly key: string
  readonly feature: Feature
  readonly width: number
  readonly height: number
  readonly channels: 1 | 3
  value(): Uint8Array | Uint16Array
}

export interface ColumnOptions {
  /** Samples that a window column has room for. */
  readonly room: number
  /** Of all pictures; undefined: as they were recorded. */
  readonly size: { readonly width: number; readonly height: number } | undefined
  /** How colour is kept. */
  readonly colour: 'image' | 'video'
  /** Index of a text in the table of tasks. */
  readonly taskOf: (text: string) => number
}

const POSE = ['x', 'y', 'z', 'qx', 'qy', 'qz', 'qw'] as const
const AXES = ['fx', 'fy', 'fz', 'tx', 'ty', 'tz'] as const
const ACTION = [...POSE, 'width', 'effort'] as const

/**
 * The columns of a robot's LeRobot set, in the words of LeRobot (`observation.images.*`, `observation.state`,
 * `action`), made by the very makers of a policy's inputs. `inputs` is what a policy contract says for them. The state
 * has poses first.
 */
export class LeRobotColumns {
  readonly inputs: Contract['inputs']
  readonly pictures: readonly PictureColumn[]
  readonly numbers: readonly NumberColumn[]
  readonly #features: Features

  /** @param observation one with all pictures in it. Throws UsageError where the values of a stream have no names. */
  constructor(robot: Robot, observation: Observation, options: ColumnOptions) {
    const { inputs, names } = inputsOf(robot, observation, options.size)
    this.inputs = inputs
    const outputs = { action_chunk: { rate: 1 } } as Contract['outputs']
    const contract: Contract = { version: 1, name: 'LeRobot set', robot, inputs, outputs, vocabulary: [] }
    this.#features = new Features(contract, robot)
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
      ...windows.flatMap(stream => windowColumns(stream, options.room)),
      ...events.flatMap(stream => eventColumns(stream, options)),
      actionColumn(),
    ]
  }

  /** Makes the values of a row; pictures and plain numbers hold until the next call. */
  fill({ observation }: AnsweredObservation): void {
    this.#features.fill(observation)
  }
}

/** Whether every picture of the robot is in an observation. */
export function hasPictures(robot: Robot, { values }: Observation): boolean {
  return robot.streams.every(({ name, type }) => !isImageType(type) || values.get(name) !== undefined)
}

function inputsOf(
  robot: Robot,
  { values }: Observation,
  size: ColumnOptions['size'],
): { inputs: Contract['inputs']; names: Record<string, readonly string[]> } {
  const { streams } = robot
  const inputs: Record<string, InputSpec> = {}
  const names: Record<string, readonly string[]> = {}
  for (const { name, type, modality } of streams) {
    const value = values.get(name)
    if (!isImageType(type) || (value?.kind !== 'image' && value?.kind !== 'depth')) continue
    const { width, height } = size ?? value
    inputs[`observation.images.${name}`] =
      modality === 'depth'
        ? { as: 'depth', dtype: 'float32', shape: [1, 1, height, width], from: [name] }
        : { as: 'image', dtype: 'uint8', shape: [1, 3, height, width], from: [name] }
  }
  const isPose = ({ type }: Stream): number => (type === 'geometry_msgs/msg/PoseStamped' ? 1 : 0)
  const body = streams.filter(({ modality }) => modality === 'proprioception').sort((a, b) => isPose(b) - isPose(a))
  if (body.length > 0) {
    const all = body.flatMap(namesOf)
    inputs['observation.state'] = {
      as: 'vector',
      dtype: 'float32',
      shape: [1, all.length],
      from: body.map(({ name }) => name),
    }
    names['observation.state'] = all
  }
  const windows = streams.filter(({ align }) => align.strategy === 'window')
  windows.forEach(({ name, align }, index) => {
    if (align.strategy !== 'window') return
    const key = index === 0 ? 'observation.force_pyramid' : `observation.${name}_pyramid`
    inputs[key] = { as: 'pyramid', dtype: 'float32', shape: [1, 6, 4 * align.pyramid.length], from: [name] }
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

function namesOf(stream: Stream): string[] {
  const names = valueNames(stream)
  if (names === undefined)
    throw new UsageError(`stream ${stream.name}: its values have no names: name them with select in the robot file`)
  return names.map(value => `${stream.name}.${value}`)
}

/** Planes become interleaved pixels, metres whole millimetres. */
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
 * Every sample since the row before, the newest `room` of them, oldest first; how many there were; how old each is at
 * the row's stamp (s).
 */
function windowColumns({ name }: Stream, room: number): NumberColumn[] {
  const key = `observation.${name}`
  const width = AXES.length
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

/** The last events, newest first: which task each names, how old it is (s), how sure whoever heard it. */
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

/**
 * The answer's first row as a set-point: the pose in the base frame (m, quaternion), the gripper's width (m) and effort
 * (N).
 */
function actionColumn(): NumberColumn {
  const motion = new Trajectory()
  const point: SetPoint = { pose: new Float64Array(7), width: 0, effort: 0, exhausted: false }
  return {
    key: 'action',
    feature: { dtype: 'float32', shape: [ACTION.length], names: ACTION },
    value: ({ chunk }) => {
      motion.load(chunk)
      motion.at(chunk.stamp + SECOND / chunk.rate, point)
      return [...point.pose, point.width, point.effort]
    },
  }
}

/** The text of the newest event; '' where nothing was said yet, or the robot has no ears. */
export function taskText(robot: Robot, { values }: Observation): string {
  for (const { name } of robot.streams) {
    const value = values.get(name)
    if (value?.kind === 'events' && value.events.length > 0) return value.events[value.events.length - 1]!.text
  }
  return ''
}
