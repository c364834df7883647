export type Shape = 'box' | 'cylinder' | 'sphere' | 'capsule' | 'ellipsoid'

/** One rigid primitive of an object, in the object's frame. */
export interface Part {
  readonly shape: Shape
  /** m, half-extents as in MJCF: box 3, cylinder and capsule radius and half-length, sphere radius, ellipsoid 3. */
  readonly size: readonly number[]
  readonly pos: readonly [number, number, number]
  /** w, x, y, z, as in MJCF. */
  readonly quat: readonly [number, number, number, number]
  readonly rgb: readonly [number, number, number]
}

/** A number, or a range that is drawn from for each episode. */
export type Drawn = number | readonly [number, number]

/** An object of an objects file. */
export interface ObjectModel {
  /** Colour and shape, "red cylinder": how a command names it. Distinct within a file. */
  readonly name: string
  readonly colour: string
  readonly mass: Drawn
  /** Sliding friction of the pair object and finger. */
  readonly friction: Drawn
  /** N; Infinity: cannot be crushed. */
  readonly crush: Drawn
  readonly parts: readonly Part[]
}

/** An object as an episode drew it: numbers only, its parts' masses by volume (kg). */
export interface DrawnObject {
  readonly name: string
  readonly colour: string
  readonly mass: number
  readonly friction: number
  readonly crush: number
  readonly parts: readonly (Part & { readonly mass: number })[]
}

export const volumeOf = ({ shape, size }: Pick<Part, 'shape' | 'size'>): number => {
  const [a = 0, b = 0, c = 0] = size
  switch (shape) {
    case 'box':
      return 8 * a * b * c
    case 'cylinder':
      return Math.PI * a * a * 2 * b
    case 'sphere':
      return (4 / 3) * Math.PI * a ** 3
    case 'capsule':
      return Math.PI * a * a * 2 * b + (4 / 3) * Math.PI * a ** 3
    case 'ellipsoid':
      return (4 / 3) * Math.PI * a * b * c
  }
}
