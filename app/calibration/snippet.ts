import { STANDARD_GRAVITY, type Mount } from '../../fusion/compensation/compensation.js'
import { ms } from '../../fusion/stamp.js'
import type { Payload, Triple } from './identify-payload.js'

const DEGREES = 180 / Math.PI
const MILLIMETRES = 1000

const digits = (value: number): string => `${Number(value.toPrecision(6)) + 0}`
const list = (values: readonly number[], unit: string, scale = 1): string =>
  `[${values.map(value => `${digits(value * scale)} ${unit}`).join(', ')}]`
const error = ({ standardError }: Triple, scale = 1): string =>
  standardError.map(each => Number((each * scale).toPrecision(2))).join(', ')

/** `compensate` of a stream of a robot file, as YAML that ends with a newline. Standard errors stand beside it. */
export function snippetOf({
  orientation,
  payload,
  mount,
  gravity,
  maxAge,
}: {
  readonly orientation: string
  readonly payload: Payload
  readonly mount: Mount
  readonly gravity: readonly [number, number, number]
  readonly maxAge: number | undefined
}): string {
  const { mass, centre, forceBias, torqueBias, rpy } = payload
  const isTurned = mount.rpy.some(value => value !== 0) || mount.xyz.some(value => value !== 0)
  const isFound = rpy.standardError.some(value => value !== 0)
  const lines = [
    'compensate:',
    `  orientation: ${orientation}`,
    `  mass: ${digits(mass.value)} kg # ± ${Number((mass.standardError * 1000).toPrecision(2))} g`,
    `  centre: ${list(centre.value, 'mm', MILLIMETRES)} # ± ${error(centre, MILLIMETRES)} mm`,
    `  force_bias: ${list(forceBias.value, 'N')} # ± ${error(forceBias)} N`,
    `  torque_bias: ${list(torqueBias.value, 'N m')} # ± ${error(torqueBias)} N m`,
    ...(isTurned
      ? [
          `  mount: { xyz: ${list(mount.xyz, 'mm', MILLIMETRES)}, rpy: ${list(mount.rpy, 'deg', DEGREES)} }` +
            (isFound ? ` # ± ${error(rpy, DEGREES)} deg` : ''),
        ]
      : []),
    ...(gravity.every((value, i) => value === STANDARD_GRAVITY[i]) ? [] : [`  gravity: ${list(gravity, 'm/s^2')}`]),
    ...(maxAge === undefined || maxAge === 50_000_000 ? [] : [`  max_age: ${ms(maxAge)}`]),
  ]
  return `${lines.join('\n')}\n`
}
