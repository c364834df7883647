import type { Pose } from './rigid-pose.js'

/**
 * A number as SDF text with nine digits. Values below 1e-9 become 0. Throws a RangeError for values that are not
 * finite.
 */
export const number = (value: number): string => {
  if (!Number.isFinite(value)) throw new RangeError(`SDF has no number for ${value}`)
  return Math.abs(value) < 1e-9 ? '0' : String(Number(value.toPrecision(9)))
}

export const numbers = (values: readonly number[]): string => values.map(number).join(' ')

/** A `pose` element in the frame of the parent, or of `relativeTo`. */
export function pose({ position, rotation: [w, x, y, z] }: Pose, relativeTo?: string): string {
  const frame = relativeTo === undefined ? '' : ` relative_to="${escape(relativeTo)}"`
  return `<pose${frame} rotation_format="quat_xyzw">${numbers(position)} ${numbers([x, y, z, w])}</pose>`
}

/** Escapes a text for an attribute or for an element's content. */
export const escape = (text: string): string => text.replace(/[&<>"']/g, char => `&#${char.charCodeAt(0)};`)

/** Indents every line of `text` except the first by `by` spaces. */
export const indent = (text: string, by: number): string => text.replace(/\n(?=.)/g, `\n${' '.repeat(by)}`)
