import { identifyPayload, type Payload } from './identify-payload.js'
import type { Rest } from './resting-poses.js'

export interface DoubtsOptions {
  readonly path: string
  readonly poses: readonly Rest[]
  readonly payload: Payload
  readonly gravity: readonly [number, number, number]
  /** |force| that counts as contact, N. */
  readonly contact: number
  /** The payload with a mount that was found, where the given one was used. */
  readonly free?: Payload
}

/** A force that the model leaves of a pose at rest, as a share of the contact limit, above which it is told. */
const SHARE = 0.5
/** Another model explains the forces better where it leaves less than this share of them. */
const BETTER = 0.3

const sum = ({ residuals }: Payload): number => Math.hypot(...residuals.map(({ force }) => force))

/** Why the result of a calibration may be wrong, a line each. Empty where nothing speaks against it. */
export function doubtsAbout({ path, poses, payload, gravity, contact, free }: DoubtsOptions): string[] {
  const opposite = identifyPayload(
    poses.map(({ rotation, wrench }) => ({ rotation, wrench: Float64Array.from(wrench, value => -value) })),
    { gravity, rpy: free === undefined ? undefined : payload.rpy.value },
  )
  if (payload.mass.value < 0 || (free === undefined && sum(opposite) < BETTER * sum(payload)))
    return [
      `${path}: the force points up where the tool hangs, so the sensor says what the tool does to it and not what is ` +
        'done to the tool: turn the signs of all six values in its driver',
    ]
  const doubts: string[] = []
  const worst = payload.residuals.reduce((most, each, i) => (each.force > payload.residuals[most]!.force ? i : most), 0)
  const left = payload.residuals[worst]!.force
  if (left > SHARE * contact) {
    const turned = free !== undefined && sum(free) < BETTER * sum(payload)
    const at = ((poses[worst]!.from + poses[worst]!.until) / 2e9).toFixed(1)
    doubts.push(
      `${path}: ${left.toFixed(2)} N are left of the pose at rest at ${at} s, and ${contact} N count as contact: ` +
        (turned
          ? 'the sensor is turned against the tool otherwise than the mount says: say --find-mount'
          : 'it was touched, a cable pulls, or the mount or the frame of the poses is another one'),
    )
  }
  return doubts
}
