import type { Random } from '../embedded/random.js'
import { volumeOf } from './object.js'
import type { Drawn, DrawnObject, ObjectModel } from './object.js'

/** Force on each side that lifts `mass` (kg) with 2 m/s², with half as much again as a reserve, N. */
export const neededForce = (mass: number, friction: number): number => (1.5 * mass * (9.81 + 2)) / (2 * friction)

/**
 * Draws a number from each range. A crush limit is drawn again until some force can lift the object and is 40 % below
 * the limit.
 */
export function drawObject(random: Random, { name, colour, mass, friction, crush, parts }: ObjectModel): DrawnObject {
  const total = parts.reduce((sum, part) => sum + volumeOf(part), 0)
  let drawn = { mass: value(random, mass), friction: value(random, friction), crush: value(random, crush) }
  for (let attempt = 0; attempt < 50 && neededForce(drawn.mass, drawn.friction) >= 0.6 * drawn.crush; attempt++) {
    drawn = { mass: value(random, mass), friction: value(random, friction), crush: value(random, crush) }
  }
  return {
    name,
    colour,
    ...drawn,
    parts: parts.map(part => ({ ...part, mass: (drawn.mass * volumeOf(part)) / total })),
  }
}

const value = (random: Random, drawn: Drawn): number =>
  typeof drawn === 'number' ? drawn : random.uniform(drawn[0], drawn[1])
