import { drawObject } from '../objects/draw-object.js'
import { centreOf, extentOf, surfaceOf } from '../objects/geometry.js'
import { graspsOf } from '../objects/grasp.js'
import type { Grasp } from '../objects/grasp.js'
import type { DrawnObject, ObjectModel } from '../objects/object.js'
import type { EpisodeSetup } from '../simulated-cell.js'
import { isGentle, understand } from './instruction.js'
import { Random } from './random.js'

/** An object on the table. `pose`: x, y, z (m), qx, qy, qz, qw in the base frame. */
export interface PlacedObject {
  readonly object: DrawnObject
  readonly pose: readonly [number, number, number, number, number, number, number]
  /** The possible grasps, the best one first; empty when the gripper cannot hold it. */
  readonly grasps: readonly Grasp[]
  /** Centre of mass in the object's frame, m. */
  readonly centre: readonly [number, number, number]
}

/**
 * An episode, drawn from its seed. `setup.target` and `first` differ when a correction names another object.
 */
export interface Episode {
  readonly setup: EpisodeSetup
  /** The object that the first command names. */
  readonly first: string
  readonly gentle: boolean
  readonly placed: readonly PlacedObject[]
}

/** An empty table without a command. */
export const EMPTY_TABLE: Episode = {
  setup: {
    index: 0,
    seed: 0,
    command: '',
    correction: undefined,
    objects: [],
    target: undefined,
    fragile: [],
    timeout: 0,
  },
  first: '',
  gentle: false,
  placed: [],
}

const AREA = { x: 0.16, y: 0.13 } as const
const TIMEOUT = 12e9
const PHRASES = [
  'pick the {name}',
  'take the {name}',
  'grab the {name}',
  'please pick up the {name}',
  'gently take the {name}',
  'gently pick the {name}',
  'carefully pick up the {name}',
] as const
/** An object with a lower crush limit (N) is fragile. Most commands for such objects ask for care. */
const FRAGILE = 70

/** Parts of an episode that are given instead of drawn. */
export interface Given {
  /**
   * The command. The object that it names is on the table and is the target, and no correction follows.
   */
  readonly say?: string | undefined
  /** Number of objects on the table, at most the number of models. */
  readonly count?: number | undefined
  /**
   * Commands to draw from, each with `{name}` for the object's name. Commands that ask for care are used in episodes
   * that need care.
   */
  readonly phrases?: readonly string[] | undefined
  /**
   * Time of the episode from which speech is not heard, ns. A correction that would come later is left out, and the
   * first object stays the target.
   */
  readonly voiceUntil?: number | undefined
}

/** Draws episode `index` of a run. The same arguments always give the same episode. */
export function drawEpisode(
  models: readonly ObjectModel[],
  seed: number,
  index: number,
  { say, count, phrases = PHRASES, voiceUntil = Infinity }: Given = {},
): Episode {
  const random = new Random(seed, `episode ${index}`)
  const drawnCount = 2 + random.index(4)
  const named = say === undefined ? undefined : modelNamed(say, models)
  const chosen = random.shuffled(models).slice(0, count ?? drawnCount)
  if (named !== undefined && !chosen.includes(named)) chosen[chosen.length - 1] = named
  const placed = place(random, chosen)
  const graspable = placed.filter(({ grasps }) => grasps.length > 0)
  const drawn = random.pick(graspable.length > 0 ? graspable : placed).object
  const first = placed.find(({ object }) => object.name === named?.name)?.object ?? drawn
  const careful = random.unit() < (first.crush < FRAGILE ? 0.7 : 0.1)
  const drawnCorrection = random.unit() < 0.2 && say === undefined ? correct(random, placed, first) : undefined
  const correction = drawnCorrection && drawnCorrection.at < voiceUntil ? drawnCorrection : undefined
  const fitting = phrases.filter(phrase => isGentle(phrase) === careful)
  const phrase = random.pick(fitting.length > 0 ? fitting : phrases)
  return {
    setup: {
      index,
      seed,
      command: phrase.replaceAll('{name}', () => first.name),
      correction: correction && { text: correction.text, at: correction.at },
      objects: placed.map(({ object }) => object.name),
      target: correction === undefined ? first.name : correction.target,
      fragile: placed.filter(({ object }) => object.crush < FRAGILE).map(({ object }) => object.name),
      timeout: TIMEOUT,
    },
    first: first.name,
    gentle: isGentle(phrase),
    placed,
  }
}

/** The model that an utterance names; undefined when it names none. */
export function modelNamed(say: string, models: readonly ObjectModel[]): ObjectModel | undefined {
  const instruction = understand(say, models)
  return instruction?.kind === 'target' ? models.find(({ name }) => name === instruction.name) : undefined
}

function correct(
  random: Random,
  placed: readonly PlacedObject[],
  first: DrawnObject,
): { text: string; at: number; target: string | undefined } {
  const at = Math.round(random.uniform(0.8, 2) * 1e9)
  const others = placed
    .filter(({ object, grasps }) => object !== first && grasps.length > 0)
    .map(({ object }) => object)
  if (others.length === 0 || random.unit() < 1 / 3) return { text: 'stop', at, target: undefined }
  const other = random.pick(others)
  const named = !other.colour.startsWith('#')
  const alone = named && placed.every(({ object }) => object === other || object.colour !== other.colour)
  return {
    text: alone && random.unit() < 0.5 ? `no, the ${other.colour} one` : `no, the ${other.name}`,
    at,
    target: other.name,
  }
}

function place(random: Random, models: readonly ObjectModel[]): PlacedObject[] {
  const shapes = models.map(model => ({ model, extent: extentOf(surfaceOf(model.parts)) }))
  const spots: { x: number; y: number; radius: number }[] = []
  for (let attempt = 0; spots.length < shapes.length; attempt++) {
    const radius = shapes[spots.length]?.extent.radius ?? 0
    const spot = { x: random.uniform(-AREA.x, AREA.x), y: random.uniform(-AREA.y, AREA.y), radius }
    if (
      spots.every(
        other => Math.hypot(spot.x - other.x, spot.y - other.y) >= Math.max(0.095, 0.04 + radius + other.radius),
      )
    )
      spots.push(spot)
    if (attempt % 300 === 299) {
      spots.length = 0
      if (attempt > 3000) shapes.pop()
    }
  }
  return shapes.map(({ model, extent }, i) => {
    const spot = spots[i] ?? { x: 0, y: 0 }
    const yaw = random.uniform(-Math.PI, Math.PI)
    const object = drawObject(random, model)
    return {
      object,
      pose: [spot.x, spot.y, -extent.bottom + 0.0005, 0, 0, Math.sin(yaw / 2), Math.cos(yaw / 2)],
      grasps: graspsOf(model.parts),
      centre: centreOf(model.parts),
    }
  })
}
