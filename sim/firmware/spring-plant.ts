import type { FingerTarget } from './finger-plant.js'
import type { SteppedPlant } from './host.js'

/**
 * Massless fingers that run at the commanded speed and, on an object of width `object`, press a spring until the force
 * is reached.
 */
export class SpringPlant implements SteppedPlant {
  /** m; 0: nothing between the fingers. */
  object = 0
  /** Outer stop that opening fingers run into, m. */
  wall = 0.085
  stiffness = 20_000
  readonly commands: (FingerTarget | 'hold')[] = []
  #width: number
  #velocity = 0
  #target: FingerTarget | 'hold' = 'hold'

  constructor(width = 0.085) {
    this.#width = width
  }

  width(): number {
    return this.#width
  }

  velocity(): number {
    return this.#velocity
  }

  force(): number {
    return this.#press(this.#width)
  }

  command(target: FingerTarget | 'hold'): void {
    this.commands.push(target)
    this.#target = target
  }

  step(dt: number): void {
    const before = this.#width
    if (this.#target !== 'hold') {
      const { width, speed, force } = this.#target
      const way = width - before
      const next = before + Math.sign(way) * Math.min(Math.abs(way), speed * dt)
      this.#width = Math.min(Math.max(next, this.object - force / this.stiffness), this.wall + force / this.stiffness)
    }
    this.#velocity = (this.#width - before) / dt
  }

  #press(width: number): number {
    return this.stiffness * (Math.max(0, this.object - width) + Math.max(0, width - this.wall))
  }
}
