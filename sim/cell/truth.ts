import type { Truth } from './cell.js'
import type { Episode } from './episode.js'
import { extentOf, surfaceOf } from '../objects/geometry.js'

/** The numbers of a Truth in one flat array, so that they cross threads without copies: header, then `OBJECT` numbers an object. */
export const STATE = { stamp: 0, start: 1, stopped: 2, tool: 3, width: 10, widthRate: 11, objects: 12, perObject: 9, size: 12 + 9 * 16 } as const

/** Reads the flat state back. Which object is meant follows from the episode, the time and whether `stop` was said. */
export class TruthReader {
  readonly #episode: Episode
  readonly #radii: readonly number[]

  constructor(episode: Episode) {
    this.#episode = episode
    this.#radii = episode.placed.map(({ object }) => extentOf(surfaceOf(object.parts)).radius)
  }

  read(state: Float64Array): Truth {
    const { setup, first, gentle, placed } = this.#episode
    const at = (i: number): number => state[i] ?? 0
    const corrected = setup.correction !== undefined && at(STATE.stamp) - at(STATE.start) >= setup.correction.at
    const stopped = at(STATE.stopped) !== 0
    return {
      stamp: at(STATE.stamp),
      target: stopped ? undefined : corrected ? setup.target : first,
      gentle,
      tool: state.slice(STATE.tool, STATE.tool + 7),
      width: at(STATE.width),
      widthRate: at(STATE.widthRate),
      objects: placed.map(({ object, grasps }, i) => {
        const from = STATE.objects + STATE.perObject * i
        return {
          name: object.name,
          pose: state.slice(from, from + 7),
          lift: at(from + 7),
          squeeze: at(from + 8),
          radius: this.#radii[i] ?? 0,
          mass: object.mass,
          friction: object.friction,
          crush: object.crush,
          grasps
        }
      })
    }
  }
}
