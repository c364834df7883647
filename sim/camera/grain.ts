import { Random } from '../embedded/random.js'

const SIZE = 256
/** Side of the tile that repeats, m. */
const TILE = 0.5

/** A faint wood-like grain along x, as a factor around 1, so that the table is not one flat colour. */
export class Grain {
  readonly #tile = new Float32Array(SIZE * SIZE)

  constructor() {
    const random = new Random(1, 'grain')
    for (const [across, along, weight] of [
      [4, 2, 0.035],
      [32, 4, 0.04],
      [128, 16, 0.03],
      [256, 128, 0.02],
    ] as const)
      this.#add(random, across, along, weight)
  }

  /** The factor at x, y (m). */
  at(x: number, y: number): number {
    const tile = this.#tile
    const a = (x / TILE - Math.floor(x / TILE)) * SIZE
    const b = (y / TILE - Math.floor(y / TILE)) * SIZE
    const i = Math.floor(a) & (SIZE - 1),
      j = Math.floor(b) & (SIZE - 1)
    const i1 = (i + 1) & (SIZE - 1),
      j1 = ((j + 1) & (SIZE - 1)) * SIZE
    const s = a - Math.floor(a),
      t = b - Math.floor(b)
    const low = tile[j * SIZE + i]! * (1 - s) + tile[j * SIZE + i1]! * s
    return 1 + low * (1 - t) + (tile[j1 + i]! * (1 - s) + tile[j1 + i1]! * s) * t
  }

  /** Adds value noise on a periodic lattice of `along` x `across` cells. */
  #add(random: Random, across: number, along: number, weight: number): void {
    const lattice = Float32Array.from({ length: across * along }, () => random.normal())
    const ease = (t: number): number => t * t * (3 - 2 * t)
    for (let j = 0; j < SIZE; j++) {
      const y = (j * across) / SIZE,
        j0 = Math.floor(y),
        t = ease(y - j0),
        row = j0 * along,
        next = ((j0 + 1) % across) * along
      for (let i = 0; i < SIZE; i++) {
        const x = (i * along) / SIZE,
          i0 = Math.floor(x),
          s = ease(x - i0),
          i1 = (i0 + 1) % along
        this.#tile[j * SIZE + i]! +=
          weight *
          ((lattice[row + i0]! * (1 - s) + lattice[row + i1]! * s) * (1 - t) +
            (lattice[next + i0]! * (1 - s) + lattice[next + i1]! * s) * t)
      }
    }
  }
}
