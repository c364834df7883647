import { ms } from '../../fusion/stamp.js'
import type { Stream } from '../../robots/robot.js'

const number = (value: number, scale = 1): string => `${Number((value * scale).toPrecision(6))}`
const list = (values: readonly number[], scale = 1): string => values.map(value => number(value, scale)).join(', ')

/** What is taken out of the wrenches of a stream, in plain words, a line each. Empty for any other stream. */
export function describeCompensation({ name, compensate }: Stream): string[] {
  if (compensate === undefined) return []
  const { orientation, mass, centre, forceBias, torqueBias, mount, gravity, maxAge } = compensate
  return [
    `  ${name} is the wrench on the tool, in the tool's frame:`,
    `    without the weight of ${number(mass)} kg at ${list(centre, 1000)} mm, by the orientation of ${orientation}, ` +
      `which may be ${ms(maxAge)} away; gravity is ${list(gravity)} m/s^2 in its frame`,
    `    without the bias of ${list(forceBias)} N and ${list(torqueBias)} N m`,
    `    its sensor is at ${list(mount.xyz, 1000)} mm, turned by ${list(mount.rpy, 180 / Math.PI)} deg`,
  ]
}
