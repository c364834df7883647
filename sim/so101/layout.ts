import { ARM } from './arm.js'

/** The pan axis on the table, x and y in the base frame, m. Places on the table are polar about it. */
export const CENTRE: readonly [number, number] = [ARM[0]?.anchor[0] ?? 0, 0]

/** Where objects are placed: distance from the pan axis (m) and angle from straight ahead (rad). */
export const AREA = { near: 0.135, far: 0.215, angle: 0.65 } as const

export const BINS = ['left', 'right'] as const
export type BinName = (typeof BINS)[number]

/** The two bins, open boxes on the table: distance and angle of their middles, inner half-width, height, wall, m. */
export const BIN = { distance: 0.18, angle: 1.5, half: 0.055, height: 0.03, wall: 0.003, floor: 0.003 } as const

/** Yaw of a bin about the base's z, rad. The left one has the positive angle. */
export const binYaw = (bin: BinName): number => (bin === 'left' ? BIN.angle : -BIN.angle)

/** Middle of a bin on the table, m. */
export const binAt = (bin: BinName): readonly [number, number] => [
  CENTRE[0] + BIN.distance * Math.cos(binYaw(bin)),
  CENTRE[1] + BIN.distance * Math.sin(binYaw(bin)),
]

/** The bin that x, y (m) lies in; undefined: in none. */
export function binOf(x: number, y: number): BinName | undefined {
  return BINS.find(bin => {
    const [bx, by] = binAt(bin)
    const [cos, sin] = [Math.cos(binYaw(bin)), Math.sin(binYaw(bin))]
    const [dx, dy] = [x - bx, y - by]
    return Math.abs(dx * cos + dy * sin) < BIN.half && Math.abs(-dx * sin + dy * cos) < BIN.half
  })
}
