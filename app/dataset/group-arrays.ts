import type { ActionGroup } from '../../policy/action/action-kind.js'
import { kindOf } from '../../policy/action/action-kinds.js'
import { ChunkLayout } from '../../policy/action/chunk-layout.js'
import type { Contract } from '../../policy/contract/contract.js'
import { actionGroups } from '../../policy/contract/group-spec.js'
import { historyOf, type InputSpec } from '../../policy/contract/input-spec.js'
import { SECOND } from '../../fusion/stamp.js'
import { Features } from '../../policy/features/features.js'
import type { Finger } from '../../robots/actuators/servo-mounting.js'
import { UsageError } from '../output/output.js'
import { channelsOf, namesOf, type Action } from './actions/action.js'
import { fingerOf } from './actions/finger.js'
import type { NpyType } from './npy-file.js'
import { colourAndDepth, noHistories, type MakeFile, type NumpyArrays } from './numpy-arrays.js'
import type { AnsweredObservation, Recording } from './training-set.js'

/** The types that an array of a set may have. */
const TYPES: Readonly<Record<string, NpyType>> = { float32: '<f4', int64: '<i8', int32: '<i4', uint8: '|u1' }
/** Kinds of pictures. They are written as bytes, so they may not be scaled. */
const PICTURES = ['image', 'depth', 'rgbd'] as const

/** Rates that differ by less are the same: a period of 0.016667 s is that of 60 Hz. */
const SAME_RATE = 1e-3

/** The inputs that are measured: all but the features of an encoder, which a trainer makes itself. */
const measured = ({ inputs }: Contract): Contract['inputs'] =>
  Object.fromEntries(Object.entries(inputs).filter(([, { as }]) => as !== 'feature'))

const isPicture = ({ as }: InputSpec): boolean => (PICTURES as readonly string[]).includes(as)

/**
 * Sets under a contract of version 2, for any robot: one array for each input, under its name. A picture is written as
 * bytes: an `image` as u8 [3, H, W]; an `rgbd` as NAME.rgb (u8 [H, W, 3]) and NAME.depth (u16 [H, W], mm); a `depth` as
 * u16 [1, H, W], mm. `action_chunk` has the rows and columns of the contract, in SI units. The features of an encoder have
 * no array.
 */
export const groupArrays = {
  check(contract: Contract, path: string): void {
    const inputs = Object.entries(measured(contract))
    const named = (of: (input: InputSpec) => boolean): string[] =>
      inputs.filter(([, input]) => of(input)).map(([name]) => name)
    const unfit = (names: readonly string[], why: string): void => {
      if (names.length > 0) throw new UsageError(`${path}: ${names.join(', ')}: ${why}`)
    }
    const remembering = named(input => historyOf(input) !== undefined)
    if (remembering.length > 0) throw noHistories(path, remembering)
    unfit(
      named(({ as }) => as === 'state'),
      'a numpy set has no recurrent states: leave them out',
    )
    unfit(
      named(input => 'scale' in input || 'bias' in input),
      'a numpy set has values as they are measured: leave "scale" and "bias" out',
    )
    unfit(
      named(({ dtype }) => !(dtype in TYPES)),
      `a numpy set has the types ${Object.keys(TYPES).join(', ')}`,
    )
    const strange = inputs.flatMap(([name]) =>
      /[/\\]|^\.|^(action_chunk|aux|stamp|episode|success)$/.test(name) ? [name] : [],
    )
    unfit(strange, 'cannot be the name of an array: give the input another name')
    const chunk = contract.outputs.action_chunk
    const scaled =
      'groups' in chunk ? chunk.groups.filter(({ scale, bias }) => scale !== undefined || bias !== undefined) : []
    unfit(
      scaled.map(({ name }) => `group ${name}`),
      'a numpy set has actions in SI units: leave "scale" and "bias" out',
    )
    const mixed = 'groups' in chunk ? chunk.groups.filter(({ absolute }) => absolute !== undefined) : []
    unfit(
      mixed.map(({ name }) => `group ${name}`),
      'a numpy set has groups that are absolute or offsets as a whole: leave "absolute" out',
    )
  },
  open: (make: MakeFile, contract: Contract, recording: Recording): NumpyArrays =>
    new GroupArrays(make, contract, recording),
}

class GroupArrays implements NumpyArrays {
  aux: readonly string[] = []
  readonly #make: MakeFile
  readonly #contract: Contract
  readonly #recording: Recording
  readonly #features: Features
  readonly #files = new Map<string, ReturnType<MakeFile>>()
  readonly #rows: number
  readonly #layout: ChunkLayout
  /** The actions of the present episode that have no chunk: their chunks are the actions that follow. */
  readonly #actions: { readonly stamp: number; readonly values: Float32Array }[] = []
  #isLookingAhead: boolean | undefined
  #order:
    | {
        readonly channels: Action['channels']
        readonly columns: readonly { readonly at: number; readonly finger: Finger | undefined }[]
      }
    | undefined

  constructor(make: MakeFile, contract: Contract, recording: Recording) {
    this.#make = make
    this.#contract = { ...contract, inputs: measured(contract) }
    this.#recording = recording
    this.#features = new Features(this.#contract, recording.robot)
    const chunk = contract.outputs.action_chunk
    this.#layout = new ChunkLayout('groups' in chunk ? actionGroups(chunk.groups) : [])
    this.#rows = chunk.shape.length === 2 ? 1 : chunk.shape[1]
    for (const [name, input] of Object.entries(this.#contract.inputs)) {
      const [, , height = 0, width = 0] = input.shape
      if (input.as === 'rgbd') {
        this.#open(`${name}.rgb`, '|u1', [height, width, 3])
        this.#open(`${name}.depth`, '<u2', [height, width])
      } else if (input.as === 'image') this.#open(name, '|u1', input.shape.slice(1))
      else if (input.as === 'depth') this.#open(name, '<u2', input.shape.slice(1))
      else this.#open(name, TYPES[input.dtype]!, input.shape.slice(1))
    }
    this.#open('action_chunk', '<f4', [this.#rows, this.#layout.columns.length])
  }

  add(row: AnsweredObservation): void {
    const chunk = this.#chunkOf(row)
    this.#addAux(row)
    const features = this.#features.fill(row.observation)
    for (const [name, input] of Object.entries(this.#contract.inputs)) {
      const values = features[name]!
      if (input.as === 'rgbd') {
        const [, , height = 0, width = 0] = input.shape
        const { rgb, depth } = colourAndDepth(values as Float32Array, width * height)
        this.#append(`${name}.rgb`, rgb)
        this.#append(`${name}.depth`, depth)
      } else if (!isPicture(input)) this.#append(name, values)
      else if (input.as === 'depth')
        this.#append(
          name,
          Uint16Array.from(values as Float32Array, value => Math.round(value * 1000)),
        )
      else
        this.#append(
          name,
          values instanceof Uint8Array
            ? values
            : Uint8Array.from(values as Float32Array, value => Math.round(value * 255)),
        )
    }
    if (chunk) this.#append('action_chunk', chunk)
  }

  /** Where ticks are left out, and at the end, the last action before holds. */
  endEpisode(): void {
    const columns = this.#layout.columns.length
    const actions = this.#actions
    const follows = (at: number): boolean =>
      at + 1 < actions.length && actions[at + 1]!.stamp - actions[at]!.stamp < (1.5 * SECOND) / this.#recording.rate
    for (let first = 0; first < actions.length; first++) {
      const chunk = new Float32Array(this.#rows * columns)
      for (let row = 0, at = first; row < this.#rows; row++) {
        chunk.set(actions[at]!.values, row * columns)
        if (follows(at)) at++
      }
      this.#append('action_chunk', chunk)
    }
    actions.length = 0
  }

  close(): void {
    for (const file of this.#files.values()) file.close()
  }

  #open(name: string, type: NpyType, shape: readonly number[]): void {
    this.#files.set(name, this.#make(name, type, shape))
  }

  #append(name: string, values: ArrayBufferView): void {
    this.#files.get(name)?.append(values)
  }

  /** The rows of the chunk; undefined where they follow from the actions after this one. */
  #chunkOf({ chunk, action, observation }: AnsweredObservation): Float32Array | undefined {
    const { path, rate: ticks } = this.#recording
    const { rate } = this.#contract.outputs.action_chunk
    const isLookingAhead = chunk === undefined
    if (isLookingAhead !== (this.#isLookingAhead ?? isLookingAhead))
      throw new UsageError(`${path}: has chunks for some observations and commands alone for others: say --actions`)
    this.#isLookingAhead = isLookingAhead
    if (!chunk) {
      if (Math.abs(rate - ticks) > SAME_RATE * rate)
        throw new UsageError(
          `${path}: its ticks come ${ticks} times a second, the rows of the contract's chunk ${rate} times: make them equal`,
        )
      const offsets = this.#layout.groups.filter(({ counts }) => counts === 'offset').map(({ name }) => name)
      if (offsets.length > 0)
        throw new UsageError(
          `${path}: commands are absolute, and the contract counts offsets for ${offsets.join(', ')}: leave "counts" out`,
        )
      this.#actions.push({ stamp: observation.stamp, values: this.#inOrder(action) })
      return undefined
    }
    const values = this.#rows * this.#layout.columns.length
    const same = chunk.groups !== undefined && meaning(chunk.groups) === meaning(this.#layout.groups)
    if (!same || chunk.rate !== rate || chunk.data.length < values)
      throw new UsageError(
        `${path}: its chunks are not those of the contract: ${describe(chunk.groups, chunk.rate)}, ` +
          `not ${describe(this.#layout.groups, rate)} of ${this.#rows} rows`,
      )
    return chunk.data.subarray(0, values)
  }

  /** The values of an action in the order of the contract's columns. The position of a finger joint becomes an opening. */
  #inOrder(action: Action): Float32Array {
    if (this.#order?.channels !== action.channels) {
      const { robot, path } = this.#recording
      const columns = this.#layout.groups.flatMap(group => {
        const finger = fingerOf(robot, group.name)
        const values = kindOf(group).values(group)
        return channelsOf(group, finger).map((channel, i) => ({
          channel,
          finger: values[i]?.name === 'opening' ? finger : undefined,
        }))
      })
      const wanted = namesOf(columns.map(({ channel }) => channel))
      const names = namesOf(action.channels)
      const at = wanted.map((name, i) =>
        names.findIndex((each, k) => each === name && action.channels[k]!.isOpening === columns[i]!.channel.isOpening),
      )
      const missing = wanted.filter((_, i) => at[i] === -1)
      if (missing.length > 0 || wanted.length !== this.#layout.columns.length)
        throw new UsageError(
          `${path}: its commands do not have what the contract's chunk has: ${(missing.length > 0 ? missing : wanted).join(', ')}; ` +
            `they have ${names.join(', ')}`,
        )
      this.#order = { channels: action.channels, columns: columns.map(({ finger }, i) => ({ at: at[i]!, finger })) }
    }
    return Float32Array.from(this.#order.columns, ({ at, finger }) => {
      const value = action.values[at]!
      return finger ? (value - finger.closed) / (finger.open - finger.closed) : value
    })
  }

  #addAux({ aux }: AnsweredObservation): void {
    const names = aux?.names ?? []
    if (!this.#files.has('aux') && names.length > 0 && this.#files.get('action_chunk')?.rows === 0) {
      this.aux = names
      this.#open('aux', '<f4', [names.length])
    }
    if (names.join() !== this.aux.join())
      throw new UsageError(`${this.#recording.path}: the expert's labels (/expert/aux) differ between observations`)
    if (aux && names.length > 0) this.#append('aux', Float32Array.from(aux.values))
  }
}

/** What the columns of a chunk mean. Two chunks with the same text have the same columns. */
const meaning = (groups: readonly ActionGroup[]): string =>
  JSON.stringify(
    groups.map(group => {
      const { name, kind, counts = 'absolute', rotation, frame } = group
      return [name, kind, counts, rotation, frame, kindOf(group).columns(group)]
    }),
  )

function describe(groups: ChunkLayout['groups'] | undefined, rate: number): string {
  const parts = groups?.map(({ name, kind, counts, joints }) => {
    const what = `${counts === 'offset' ? 'offsets of ' : ''}${kind}${joints ? ` of ${joints.join(', ')}` : ''}`
    return `${name} (${what})`
  })
  return `${parts?.join(', ') ?? 'version 1'} at ${rate} Hz`
}
