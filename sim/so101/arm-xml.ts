import { ARM, HAND, HAND_TURN, SERVO } from './arm.js'
import type { Joint } from './arm.js'

/** What the arm's MJCF has besides the links. */
export interface ArmXmlOptions {
  /** Adds each gear's free play: a second joint NAME_play behind NAME. Default: true. */
  readonly play?: boolean
}

const COLOUR = { printed: '0.93 0.78 0.2 1', servo: '0.13 0.13 0.14 1', pad: '0.82 0.8 0.76 1' } as const

const text = (numbers: readonly number[]): string => numbers.map(value => Number(value.toFixed(6))).join(' ')
const geom = (type: string, size: readonly number[], pos: readonly number[], colour: string, more = ''): string =>
  `<geom class="arm" type="${type}" size="${text(size)}" pos="${text(pos)}" rgba="${colour}" ${more}/>`
const rod = (from: readonly number[], to: readonly number[], radius: number, colour: string): string =>
  `<geom class="arm" type="capsule" size="${radius}" fromto="${text([...from, ...to])}" rgba="${colour}"/>`

/**
 * The arm as the body `base` of an MJCF model: bodies with all frames parallel to the base's at joint angles of 0, but
 * the hand's, which is turned by HAND_TURN. Its geometry is our own, of primitives. The site `tcp` is the tool frame: z
 * points out of the hand, y from the fixed jaw to the moving one. The site `wrist` is where a wrist force sensor sits.
 *
 * The gear's free play is a second hinge on the same axis with a narrow range. The motor turns the first hinge; what the
 * servo's encoder sees is the sum of both, since it sits at the output.
 */
export function armXml({ play = true }: ArmXmlOptions = {}): string {
  const hinges = ({ name, axis, range }: Joint): string =>
    `<joint name="${name}" class="servo" axis="${text(axis)}" range="${text(range)}"/>` +
    (play ? `<joint name="${name}_play" class="play" axis="${text(axis)}"/>` : '')
  const inertial = ({ mass, centre, inertia }: Joint, origin: readonly number[]): string =>
    `<inertial mass="${mass}" pos="${text(minus(centre, origin))}" diaginertia="${inertia.join(' ')}"/>`
  const [pan, lift, elbow, flex, roll, jaw] = ARM as readonly [Joint, Joint, Joint, Joint, Joint, Joint]
  const link = (name: string, joint: Joint, parent: Joint | undefined, geoms: string, inner: string): string =>
    `<body name="${name}" pos="${text(minus(joint.anchor, parent?.anchor ?? [0, 0, 0]))}">
      ${hinges(joint)}${inertial(joint, joint.anchor)}
      ${geoms}${inner}
    </body>`
  const hand = `<body name="hand" pos="${text(minus(roll.anchor, flex.anchor))}" euler="${HAND_TURN} 0 0">
      ${hinges(roll)}${inertial(roll, [0, 0, 0])}
      <site name="wrist"/>
      <site name="tcp" pos="${text([HAND.tip - HAND.reach, 0, HAND.face])}" xyaxes="0 1 0 0 0 1"/>
      <camera name="wrist" ${WRIST_CAMERA}/>
      ${handGeoms()}
      <body name="jaw" pos="${text(jaw.anchor)}">
        ${hinges(jaw)}${inertial(jaw, [0, 0, 0])}
        ${jawGeoms(jaw.anchor)}
      </body>
    </body>`
  return `<body name="base">
    ${geom('box', [0.05, 0.035, 0.012], [0.0, 0, 0.012], COLOUR.printed)}
    ${geom('box', [0.025, 0.014, 0.02], [0.026, 0, 0.04], COLOUR.servo)}
    ${geom('box', [0.018, 0.028, 0.02], [-0.012, 0, 0.042], COLOUR.printed)}
    ${link(
      'shoulder',
      pan,
      undefined,
      geom('box', [0.022, 0.022, 0.014], [0.02, 0, 0.012], COLOUR.printed) +
        geom('box', [0.013, 0.024, 0.023], [0.03, 0, 0.048], COLOUR.servo),
      link(
        'upper_arm',
        lift,
        pan,
        rod([0, 0.022, 0], [0.014, 0.022, 0.1126], 0.008, COLOUR.printed) +
          rod([0, -0.022, 0], [0.014, -0.022, 0.1126], 0.008, COLOUR.printed) +
          geom('box', [0.013, 0.024, 0.023], [0.022, 0, 0.103], COLOUR.servo),
        link(
          'lower_arm',
          elbow,
          lift,
          rod([0, 0.022, 0], [0.115, 0.018, 0.004], 0.008, COLOUR.printed) +
            rod([0, -0.022, 0], [0.115, -0.018, 0.004], 0.008, COLOUR.printed) +
            geom('box', [0.023, 0.024, 0.013], [0.122, 0, 0.006], COLOUR.servo),
          link(
            'wrist',
            flex,
            elbow,
            geom('box', [0.02, 0.016, 0.018], [0.03, 0, 0], COLOUR.printed) +
              geom('box', [0.008, 0.012, 0.023], [0.048, 0, 0], COLOUR.servo),
            hand,
          ),
        ),
      ),
    )}
  </body>`
}

/** Classes that the arm's MJCF uses, for the model's <default>. World geoms need contype 1 and conaffinity 3. */
export const ARM_DEFAULTS = `
    <default class="arm"><geom contype="2" conaffinity="1" mass="0"/></default>
    <default class="servo"><joint armature="${SERVO.inertia}" frictionloss="${SERVO.friction}"
      damping="${SERVO.stallTorque / SERVO.topSpeed}"/></default>
    <default class="play"><joint range="${-SERVO.play / 2} ${SERVO.play / 2}" armature="0.0005" frictionloss="${SERVO.shaftFriction}" damping="0.01"
      solreflimit="0.004 1"/></default>`

/** A motor for each joint, whose control is the torque in N·m. */
export const armActuators = (): string =>
  ARM.map(({ name }) => `<motor name="${name}" joint="${name}" ctrlrange="-3.5 3.5"/>`).join('')

/** Beside the hand, looking past the pads. */
const WRIST_CAMERA = 'pos="0.002 -0.066 0.012" xyaxes="0.63 -0.777 0 0 0 1" fovy="70"'

function handGeoms(): string {
  const { face, tip, pad } = HAND
  const middle = tip - pad.length / 2
  const contact = 'friction="1 0.01 0.001" condim="4"'
  return (
    geom('box', [0.022, 0.012, 0.012], [0.022, 0, -0.0], COLOUR.servo) +
    geom('box', [0.024, 0.017, 0.004], [0.022, 0, -0.016], COLOUR.printed) +
    geom('box', [0.012, 0.016, 0.005], [0.006, 0, 0.017], COLOUR.printed) +
    geom('box', [0.022, 0.009, 0.003], [0.058, 0, -0.0165], COLOUR.printed) +
    geom(
      'box',
      [pad.length / 2, pad.width / 2, pad.thickness / 2],
      [middle, 0, face - pad.thickness / 2],
      COLOUR.pad,
      `name="pad_fixed" ${contact}`,
    )
  )
}

/** `at`: the moving jaw's pivot in the hand's frame. In its own frame the pivot is the origin. */
function jawGeoms(at: readonly [number, number, number]): string {
  const { face, tip, pad, parallel } = HAND
  const [tipX, tipZ] = [tip - at[0], face - at[2]]
  const [cos, sin] = [Math.cos(parallel), Math.sin(parallel)]
  // From the tip's inner edge back along the face by half a length, and out of it by half a thickness.
  const centre = [
    tipX - (pad.length / 2) * cos + (pad.thickness / 2) * sin,
    0,
    tipZ + (pad.length / 2) * sin + (pad.thickness / 2) * cos,
  ]
  const heel = [tipX - (pad.length - 0.008) * cos + 0.003 * sin, 0, tipZ + (pad.length - 0.008) * sin + 0.003 * cos]
  return (
    geom(
      'box',
      [pad.length / 2, pad.width / 2, pad.thickness / 2],
      centre,
      COLOUR.pad,
      `euler="0 ${parallel} 0" name="pad_moving" friction="1 0.01 0.001" condim="4"`,
    ) +
    rod([0, 0.007, 0], heel, 0.0055, COLOUR.printed) +
    rod([0, -0.007, 0], heel, 0.0055, COLOUR.printed)
  )
}

const minus = (a: readonly number[], b: readonly number[]): number[] => a.map((value, i) => value - (b[i] ?? 0))
