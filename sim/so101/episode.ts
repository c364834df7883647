import type { PlacedObject } from '../embedded/episode.js'
import { Random } from '../embedded/random.js'
import { drawObject } from '../objects/draw-object.js'
import { centreOf, extentOf, surfaceOf } from '../objects/geometry.js'
import { graspsOf } from '../objects/grasp.js'
import type { ObjectModel } from '../objects/object.js'
import type { EpisodeSetup } from '../simulated-cell.js'
import { AREA, BINS, CENTRE } from './layout.js'
import type { BinName } from './layout.js'
import { taskOf } from './task.js'

/** An episode of this cell, drawn from its seed. */
export interface So101Episode {
  readonly index: number
  readonly seed: number
  readonly command: string
  /** Said while the arm moves, `at` ns after the start. */
  readonly correction: { readonly text: string; readonly at: number } | undefined
  /** The object and the bin that the first command names. No bin: either will do. */
  readonly first: string
  readonly bin: BinName | undefined
  readonly placed: readonly PlacedObject[]
  /** ns after which the episode is lost. */
  readonly timeout: number
}

/** The crush limit below which an object is fragile, N. */
const FRAGILE = 70

/** The episode as runs and reports show it. After a correction the target is the object that was named last. */
export function setupOf({ index, seed, command, correction, first, placed, timeout }: So101Episode): EpisodeSetup {
  const objects = placed.map(({ object }) => object)
  const task = correction === undefined ? undefined : taskOf(correction.text, objects)
  return {
    index,
    seed,
    command,
    correction,
    objects: objects.map(({ name }) => name),
    target: task?.kind === 'stop' ? undefined : (task?.name ?? first),
    fragile: objects.filter(({ crush }) => crush < FRAGILE).map(({ name }) => name),
    timeout,
  }
}

/** Parts of an episode that are given instead of drawn. */
export interface Given {
  /** The command. The object that it names is on the table, and no correction follows. */
  readonly say?: string | undefined
  /** Number of objects, at most the number of models. Default: 1 to 4, drawn. */
  readonly count?: number | undefined
  /** Commands to draw from, with `{name}` for the object and, where one is named, `{bin}` for left or right. */
  readonly phrases?: readonly string[] | undefined
}

const TIMEOUT = 20e9
const PHRASES = [
  'put the {name} in the {bin} bin',
  'put the {name} into the {bin} bin',
  'drop the {name} in the {bin} bin',
  'please put the {name} in the {bin} bin',
] as const
/** m between the middles of two objects, at least, and between their edges. The open jaws go between them. */
const SPACING = { middles: 0.07, edges: 0.04 } as const

/** Draws episode `index` of a run. The same arguments always give the same episode. */
export function drawEpisode(
  models: readonly ObjectModel[],
  seed: number,
  index: number,
  { say, count, phrases = PHRASES }: Given = {},
): So101Episode {
  const random = new Random(seed, `so101 episode ${index}`)
  const drawnCount = 1 + random.index(4)
  const task = say === undefined ? undefined : taskOf(say, models)
  const asked = task?.kind === 'put' ? task : undefined
  const named = models.find(({ name }) => name === asked?.name)
  const chosen = random.shuffled(models).slice(0, count ?? drawnCount)
  if (named !== undefined && !chosen.includes(named)) chosen[chosen.length - 1] = named
  const placed = place(random, chosen)
  const drawn = random.pick(placed).object
  const first = named?.name ?? drawn.name
  const drawnBin = random.pick(BINS)
  const phrase = random.pick(phrases)
  const command = say ?? phrase.replaceAll('{name}', () => first).replaceAll('{bin}', drawnBin)
  const bin = say !== undefined ? asked?.bin : phrase.includes('{bin}') ? drawnBin : undefined
  const correction = random.unit() < 0.2 && say === undefined ? correct(random, placed, first, bin) : undefined
  return { index, seed, command, correction, first, bin, placed, timeout: TIMEOUT }
}

function correct(
  random: Random,
  placed: readonly PlacedObject[],
  first: string,
  bin: BinName | undefined,
): { text: string; at: number } {
  const at = Math.round(random.uniform(0.8, 2) * 1e9)
  const others = placed.filter(({ object }) => object.name !== first)
  const kind = random.index(3)
  if (kind === 0) return { text: 'stop', at }
  if (kind === 1 && others.length > 0) return { text: `no, the ${random.pick(others).object.name}`, at }
  const other = BINS.find(name => name !== bin) ?? 'left'
  return { text: `no, the ${other} bin`, at }
}

function place(random: Random, models: readonly ObjectModel[]): PlacedObject[] {
  const shapes = models.map(model => ({ model, extent: extentOf(surfaceOf(model.parts)) }))
  const spots: { x: number; y: number; radius: number }[] = []
  for (let attempt = 0; spots.length < shapes.length; attempt++) {
    const radius = shapes[spots.length]?.extent.radius ?? 0
    const distance = random.uniform(AREA.near, AREA.far)
    const angle = random.uniform(-AREA.angle, AREA.angle)
    const spot = { x: CENTRE[0] + distance * Math.cos(angle), y: CENTRE[1] + distance * Math.sin(angle), radius }
    const apart = (other: typeof spot): boolean =>
      Math.hypot(spot.x - other.x, spot.y - other.y) >= Math.max(SPACING.middles, SPACING.edges + radius + other.radius)
    if (spots.every(apart)) spots.push(spot)
    // An arrangement without room for the rest begins anew, and after many the last object is left out.
    if (attempt % 300 === 299) {
      spots.length = 0
      if (attempt > 3000) shapes.pop()
    }
  }
  return shapes.map(({ model, extent }, i) => {
    const { x, y } = spots[i] ?? { x: 0, y: 0 }
    const yaw = random.uniform(-Math.PI, Math.PI)
    return {
      object: drawObject(random, model),
      pose: [x, y, -extent.bottom + 0.0005, 0, 0, Math.sin(yaw / 2), Math.cos(yaw / 2)],
      grasps: graspsOf(model.parts),
      centre: centreOf(model.parts),
    }
  })
}
