import { z } from 'zod'
import type { Transport } from '../../drivers/driver-declaration.js'
import { serialTransport } from '../../drivers/serial-port.js'
import { SERVO_MODELS } from '../../drivers/servo/servo-models.js'
import { count, quantity, word } from '../fields.js'
import type { Json } from '../json.js'
import { partName } from '../ros-names.js'
import { mapping, unknownName } from '../validation.js'
import type { ActuatorBase } from './actuator-base.js'
import { actuatorKind } from './actuator-kind.js'
import { describePort, portOf, portSchema, type Port } from './driver-options.js'
import { describeJoints, takesOfJoints } from './joint-names.js'
import { calibrationSchema, type Calibration } from './lerobot-calibration.js'
import {
  calibrationOf,
  fingerOf,
  mountingOf,
  type Finger,
  type FingerSection,
  type JointServo,
} from './servo-mounting.js'
import { checkJointStream, jointStream } from './state-stream.js'

interface Section {
  readonly driver: string
  readonly port?: { readonly path?: string | undefined } | undefined
  readonly joints: Readonly<
    Record<string, { readonly id: number; readonly sign?: number | undefined; readonly offset?: number | undefined }>
  >
  readonly calibration?: string | Calibration | undefined
  readonly state: string
  readonly gripper?: FingerSection | undefined
}

/** Joints whose servos share one half-duplex bus. */
export interface ServoBus extends ActuatorBase {
  readonly kind: 'servo_bus'
  readonly driver: string
  readonly port: Port
  /** In the order of `joints`. */
  readonly servos: readonly JointServo[]
  readonly finger: Finger | undefined
  /** The calibration that the file names, of all joints of `servos` and perhaps of others. */
  readonly calibration: Calibration | undefined
  readonly state: string
}

/** The largest id that one servo can have, in both protocols; those above are broadcasts or reserved. */
const LARGEST_ID = 252

const ANGLE = ['-36000 deg', '36000 deg'] as const

/** The port of a bus: a serial one, by default as fast as the arms that people own are set. */
const TRANSPORT = {
  ...serialTransport,
  options: {
    ...serialTransport.options,
    baud: { ...serialTransport.options.baud, default: 1_000_000, note: 'Default 1000000.' },
    serial_number: {
      kind: 'text',
      what: 'the serial number of a USB adapter',
      default: undefined,
      note: 'In place of the path: the port is found on whichever USB socket this adapter is.',
    },
  },
  describe: (path, { baud, serial_number: serial }) =>
    `${serial === undefined ? path : `the adapter with the USB serial number ${serial}`} at ${baud} baud`,
} as const satisfies Transport

const isServo = (driver: unknown): boolean => typeof driver === 'string' && SERVO_MODELS.has(driver)

const shape = () => ({
  driver: word('driver', [...SERVO_MODELS.keys()] as [string, ...string[]]),
  port: portSchema(TRANSPORT),
  joints: z
    .record(
      partName('joint'),
      mapping({
        id: count('The id of the servo on the bus.', LARGEST_ID, 0),
        sign: z.literal([1, -1]).optional().meta({
          description: 'Whether the joint turns as its servo does (1) or against it (-1). Default 1, or as calibrated.',
        }),
        offset: quantity(
          'angle',
          ANGLE,
          'The angle of the servo, from the middle of its register, at which the joint is at 0. Default 0, or the middle of the calibrated range.',
        ).optional(),
      }),
      { error: issue => (issue.code === 'invalid_type' ? 'expected a map of joints to their servos' : undefined) },
    )
    .refine(joints => Object.keys(joints).length > 0, { error: 'needs at least one joint' })
    .meta({ description: 'Joint name to its servo.' }),
  calibration: z
    .union([z.string().min(1), calibrationSchema], {
      error: 'expected the path of a calibration file of LeRobot, or what is in it',
    })
    .optional()
    .meta({
      description:
        'The path of a calibration file of LeRobot (ID.json), relative to the folder of this file, or what is in it.',
    }),
  state: jointStream,
  gripper: mapping({
    joint: partName('joint'),
    closed: quantity(
      'angle',
      ANGLE,
      'The position of the joint at an opening of 0. Default: range_min of its calibration.',
    ).optional(),
    open: quantity(
      'angle',
      ANGLE,
      'The position of the joint at an opening of 1. Default: range_max of its calibration.',
    ).optional(),
  })
    .optional()
    .meta({ description: 'The joint that moves the fingers: it can also be told an opening from 0 to 1.' }),
})

export const servoBus = actuatorKind<Section, ServoBus>({
  kind: 'servo_bus',
  written: '`{ driver: sts3215, port: { path }, joints: { NAME: { id } }, state: STREAM }`',
  meaning:
    'joints whose servos share a bus. `driver` is their kind: Feetech `sts3215`, Dynamixel `xl330`, `xl430`, `xm430`. `sign` and `offset` say how a servo is mounted, or `calibration: FILE` of LeRobot; `gripper: { joint, closed, open }` names the joint that moves the fingers',
  channels: '`joint_position`; `gripper` (`opening`) with a `gripper`',
  claims: section => isServo(section['driver']) || ('driver' in section && isMap(section['joints'])),
  shape,
  takes: ({ joints, gripper }) => [
    ...takesOfJoints('position', inOrder(joints)),
    ...(gripper ? [{ kind: 'gripper', names: ['opening'] } as const] : []),
  ],
  hasJoints: true,
  resolve(section, context) {
    const { driver, port, state, gripper } = section
    const joints = inOrder(section.joints)
    const calibration = calibrationOf(section, joints, context)
    const model = SERVO_MODELS.get(driver)
    const servos: JointServo[] = []
    for (const joint of joints) {
      const { id, sign, offset } = section.joints[joint]!
      const other = servos.find(each => each.id === id)
      if (other)
        context.fail(
          ['joints', joint, 'id'],
          `servo ${id} is that of '${other.joint}' too; give each servo of a bus an id of its own`,
        )
      const mounted = calibration && model && mountingOf(joint, calibration[joint]!, model)
      servos.push({
        joint,
        id,
        sign: sign === undefined ? (mounted?.sign ?? 1) : sign === -1 ? -1 : 1,
        offset: offset ?? mounted?.offset ?? 0,
      })
    }
    if (gripper && !joints.includes(gripper.joint))
      context.fail(['gripper', 'joint'], unknownName('joint', gripper.joint, joints))
    const finger = gripper && fingerOf(gripper, { calibration, servos, model }, context)
    checkJointStream(state, joints, undefined, context)
    const place = portOf(TRANSPORT, port)
    if (place.path !== undefined && place['serial_number'] !== undefined)
      context.fail(['port', 'serial_number'], 'the port has a path too; leave one out')
    return {
      kind: 'servo_bus',
      driver,
      port: place,
      servos,
      finger,
      calibration,
      takes: this.takes(section),
      joints,
      state,
    }
  },
  canonical: ({ driver, port, servos, finger, calibration, state }) => ({
    driver,
    port,
    calibration: calibration && canonicalCalibration(calibration),
    joints: Object.fromEntries(servos.map(({ joint, id, sign, offset }) => [joint, { id, sign, offset }])),
    gripper: finger && { ...finger },
    state,
  }),
  endpoints: ({ port: { path, serial_number: serial } }) => [
    ...(path === undefined ? [] : [{ what: 'port', at: path, key: ['port', 'path'] } as const]),
    ...(serial === undefined
      ? []
      : [{ what: 'port', at: `with the serial number ${serial}`, key: ['port', 'serial_number'] } as const]),
  ],
  describe(actuator, topicOf) {
    const { driver, port, servos, finger } = actuator
    const ids = servos.map(({ id }) => id).join(', ')
    const fingers = finger ? `; ${finger.joint} moves the fingers` : ''
    const where = `${driver} servos ${ids} on ${describePort(TRANSPORT, port)}`
    return `${where}, positions of ${describeJoints(actuator, topicOf)}${fingers}`
  },
})

/** The joints in the order of their ids, so that the order of keys in a file has no meaning. */
const inOrder = (joints: Section['joints']): string[] =>
  Object.entries(joints)
    .sort(([a, { id }], [b, { id: other }]) => id - other || (a < b ? -1 : 1))
    .map(([joint]) => joint)

const canonicalCalibration = (calibration: Calibration): Json =>
  Object.fromEntries(Object.entries(calibration).map(([joint, values]) => [joint, { ...values }]))

const isMap = (value: unknown): boolean => value !== null && typeof value === 'object' && !Array.isArray(value)
