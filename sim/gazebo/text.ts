import type { Pose } from './pose.js'

/** A number as SDF text: nine digits, and nothing below a billionth. */
export const number = (value: number): string => {
  if (!Number.isFinite(value)) throw new RangeError(`SDF has no number for ${value}`)
  return Math.abs(value) < 1e-9 ? '0' : String(Number(value.toPrecision(9)))
}

export const numbers = (values: readonly number[]): string => values.map(number).join(' ')

/** A `pose` element; the parent's frame unless `relativeTo` names another. */
export function pose({ position, rotation: [w, x, y, z] }: Pose, relativeTo?: string): string {
  const frame = relativeTo === undefined ? '' : ` relative_to="${escape(relativeTo)}"`
  return `<pose${frame} rotation_format="quat_xyzw">${numbers(position)} ${numbers([x, y, z, w])}</pose>`
}

/** Text for an attribute or an element's content. */
export const escape = (text: string): string => text.replace(/[&<>"']/g, char => `&#${char.charCodeAt(0)};`)

/** Every line of `text` but the first, `by` spaces further in. */
export const indent = (text: string, by: number): string => text.replace(/\n(?=.)/g, `\n${' '.repeat(by)}`)
