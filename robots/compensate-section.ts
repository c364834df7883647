import { z } from 'zod'
import { STANDARD_GRAVITY, type Compensation, type Mount } from '../fusion/compensation/compensation.js'
import { matrixOfRpy, product, rpyOfMatrix, turn } from '../fusion/compensation/rotation-matrix.js'
import { POSE_TYPE } from '../fusion/stream-types/pose-stamped.js'
import { STREAM_TYPES } from '../fusion/stream-types/stream-types.js'
import { seconds } from './align-section.js'
import { quantity, time, triple, type Fail } from './fields.js'
import type { FixedFrame, Stream } from './robot.js'
import { mapping, unknownName } from './validation.js'

const MAX_AGE = 50_000_000
/** m/s². Far below any gravity in which a robot works, so that a forgotten unit or sign shows. */
const LEAST_GRAVITY = 0.1

/** The schema of `compensate` of a wrench stream. `frameName`: that of a frame's name. */
export function compensateSchema(frameName: z.ZodString) {
  return mapping({
    orientation: z
      .string({ error: `expected the name of the ${POSE_TYPE} stream that says how the tool is turned` })
      .meta({
        description: `The ${POSE_TYPE} stream that says how the tool is turned, in a frame that does not move.`,
      }),
    mass: quantity('mass', ['0 kg', '1000 kg'], 'What hangs on the sensor.'),
    centre: triple(
      'length',
      ['-10 m', '10 m'],
      ['X.', 'Y.', 'Z.'],
      "The mass's centre, sensor frame. Default 0, 0, 0.",
    ).optional(),
    force_bias: triple(
      'force',
      ['-10000 N', '10000 N'],
      ['X.', 'Y.', 'Z.'],
      'What the sensor says of no force. Default 0, 0, 0: the tare takes it.',
    ).optional(),
    torque_bias: triple(
      'torque',
      ['-10000 N m', '10000 N m'],
      ['X.', 'Y.', 'Z.'],
      'What the sensor says of no torque. Default 0, 0, 0: the tare takes it.',
    ).optional(),
    mount: z
      .union([
        frameName,
        mapping({
          xyz: triple(
            'length',
            ['-100 m', '100 m'],
            ['X.', 'Y.', 'Z.'],
            "The sensor's origin in the tool's frame. Default 0, 0, 0.",
          ).optional(),
          rpy: triple(
            'angle',
            ['-360 deg', '360 deg'],
            ['Roll.', 'Pitch.', 'Yaw.'],
            "How the sensor is turned in the tool's frame (URDF's roll, pitch, yaw). Default 0, 0, 0.",
          ).optional(),
        }),
      ])
      .optional()
      .meta({
        description: "Where the sensor sits in the tool's frame: xyz and rpy, or a frame of this file. Default: in it.",
      }),
    gravity: triple(
      'acceleration',
      ['-100 m/s^2', '100 m/s^2'],
      ['X.', 'Y.', 'Z.'],
      'Gravity in the frame of the poses. Default 0, 0, -9.80665 m/s^2: its z axis points up.',
    ).optional(),
    max_age: time('A wrench with no pose nearer than this is not used. Default 50 ms.', ['1 ms', '10 s']).optional(),
  }).meta({
    description: "A wrench: bias and the tool's weight are taken out, and the wrench is moved to the tool's frame.",
  })
}

export type CompensateParsed = z.output<ReturnType<typeof compensateSchema>>

/**
 * The compensation of the stream `name`. `streams`: those of the file, by name, as far as their types go. Calls `fail`
 * where the stream is no wrench, or where a name leads nowhere.
 */
export function resolveCompensate(
  name: string,
  { type, compensate }: { readonly type: string; readonly compensate?: CompensateParsed | undefined },
  {
    types,
    frames,
    fail,
  }: { readonly types: ReadonlyMap<string, string>; readonly frames: readonly FixedFrame[]; readonly fail: Fail },
): Compensation | undefined {
  if (compensate === undefined) return undefined
  const path = ['streams', name, 'compensate']
  const rule = STREAM_TYPES.get(type)
  if (!(rule?.kind === 'vector' && rule.compensable))
    fail('ROBOT_INVALID', path, `only a wrench has a weight in it, this is ${type}`)
  const { orientation } = compensate
  const poses = [...types].filter(([, each]) => each === POSE_TYPE).map(([each]) => each)
  if (!types.has(orientation)) {
    fail(
      'ROBOT_INVALID',
      [...path, 'orientation'],
      poses.length > 0
        ? unknownName('stream', orientation, poses)
        : `needs a stream of type ${POSE_TYPE} that says how the tool is turned; this file has none`,
    )
  }
  if (!poses.includes(orientation))
    fail(
      'ROBOT_INVALID',
      [...path, 'orientation'],
      `'${orientation}' is no ${POSE_TYPE}: ${poses.join(', ') || 'there is none'}`,
    )
  const gravity = compensate.gravity ?? STANDARD_GRAVITY
  if (Math.hypot(...gravity) < LEAST_GRAVITY)
    fail(
      'ROBOT_INVALID',
      [...path, 'gravity'],
      `is shorter than ${LEAST_GRAVITY} m/s^2: without weight leave compensate out`,
    )
  return {
    orientation,
    mass: compensate.mass,
    centre: compensate.centre ?? [0, 0, 0],
    forceBias: compensate.force_bias ?? [0, 0, 0],
    torqueBias: compensate.torque_bias ?? [0, 0, 0],
    mount: resolveMount(compensate.mount, frames, [...path, 'mount'], fail),
    gravity: [gravity[0], gravity[1], gravity[2]],
    maxAge: compensate.max_age ?? MAX_AGE,
  }
}

/**
 * The mount. A named frame lies in its parent, which may lie in another frame of the file. The last parent is the tool's
 * frame.
 */
function resolveMount(
  mount: CompensateParsed['mount'],
  frames: readonly FixedFrame[],
  path: readonly PropertyKey[],
  fail: Fail,
): Mount {
  if (typeof mount !== 'string') return { xyz: mount?.xyz ?? [0, 0, 0], rpy: mount?.rpy ?? [0, 0, 0] }
  const first = frames.find(frame => frame.name === mount)
  if (!first)
    return fail(
      'ROBOT_INVALID',
      path,
      frames.length > 0
        ? unknownName(
            'frame',
            mount,
            frames.map(frame => frame.name),
          )
        : `'${mount}' is no frame of this file, which has none: add it to frames, or say { xyz, rpy }`,
    )
  let { xyz, rpy } = first
  for (let parent = named(frames, first.parent); parent; parent = named(frames, parent.parent)) {
    const outer = matrixOfRpy(parent.rpy)
    const place = new Float64Array(3)
    turn(outer, xyz, 0, place)
    const at = (i: number): number => round12(place[i]! + parent.xyz[i]!)
    xyz = [at(0), at(1), at(2)]
    const [roll, pitch, yaw] = rpyOfMatrix(product(outer, matrixOfRpy(rpy)))
    rpy = [round12(roll), round12(pitch), round12(yaw)]
  }
  return { xyz, rpy }
}

const named = (frames: readonly FixedFrame[], wanted: string): FixedFrame | undefined =>
  frames.find(({ name }) => name === wanted)

const round12 = (value: number): number => Number(value.toPrecision(12)) + 0

/** `compensate` in a canonical text: SI units, all defaults, the mount as numbers. */
export function canonicalCompensate({ compensate }: Pick<Stream, 'compensate'>) {
  return (
    compensate && {
      orientation: compensate.orientation,
      mass: compensate.mass,
      centre: compensate.centre,
      force_bias: compensate.forceBias,
      torque_bias: compensate.torqueBias,
      mount: { xyz: compensate.mount.xyz, rpy: compensate.mount.rpy },
      gravity: compensate.gravity,
      max_age: seconds(compensate.maxAge),
    }
  )
}
