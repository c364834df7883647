export type Shape = 'box' | 'cylinder' | 'sphere' | 'capsule' | 'ellipsoid'

/** One rigid primitive of an object, in the object's frame. */
export interface Part {
  readonly shape: Shape
  /** Half-extents in m as in MJCF: box 3; cylinder, capsule: radius, half-length; sphere: radius; ellipsoid 3. */
  readonly size: readonly number[]
  readonly pos: readonly [number, number, number]
  /** w, x, y, z, as in MJCF. */
  readonly quat: readonly [number, number, number, number]
  readonly rgb: readonly [number, number, number]
}

/** A number, or a range from which each episode draws one. */
export type Drawn = number | readonly [number, number]

/** An object of an objects file. */
export interface ObjectModel {
  /** Colour and shape, such as "red cylinder": the name in commands. All names in a file differ. */
  readonly name: string
  readonly colour: string
  readonly mass: Drawn
  /** Sliding friction between object and finger. */
  readonly friction: Drawn
  /** Force that crushes it, N; Infinity: it cannot be crushed. */
  readonly crush: Drawn
  readonly parts: readonly Part[]
}

/** An object with the numbers that an episode drew. The masses of its parts (kg) are in proportion to their volumes. */
export interface DrawnObject {
  readonly name: string
  readonly colour: string
  readonly mass: number
  readonly friction: number
  readonly crush: number
  readonly parts: readonly (Part & { readonly mass: number })[]
}

/** Volume of a part, m³. */
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
