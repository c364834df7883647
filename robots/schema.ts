import { z } from 'zod'
import type { Driver } from '../drivers/driver.js'
import { STRATEGIES } from '../fusion/align/registry.js'
import { MODALITIES } from '../fusion/modality.js'
import { ROBOT_LANGUAGES } from './languages.js'
import { alignSchema, besideShape } from './align.js'
import { name, quantity, range, rosType, time, triple, word } from './fields.js'
import { driverOf, gripperSchema } from './gripper.js'
import { mapping, short } from './validation.js'
import { POSE_TYPE } from '../fusion/stream-types/pose.js'
import { STREAM_TYPES } from '../fusion/stream-types/registry.js'

const PLACE = ['-10 m', '10 m'] as const
const FORCE = ['0.01 N', '1000 N'] as const
const AGE = ['1 us', '1 hour'] as const
const WATCH = ['1 ms', '1 min'] as const

const frameName = z.string({ error: 'expected the name of a frame' }).regex(/^[A-Za-z_][A-Za-z0-9_/-]*$/, {
  error: issue =>
    `'${short(String(issue.input))}' is not a frame such as camera_color_optical_frame (no slash before it)`,
})

const frame = mapping({
  parent: frameName.meta({ description: 'The frame in which it lies.' }),
  xyz: triple(
    'length',
    ['-100 m', '100 m'],
    ['X.', 'Y.', 'Z.'],
    'Where its origin lies, in the parent. Default 0, 0, 0.',
  ).optional(),
  rpy: triple(
    'angle',
    ['-360 deg', '360 deg'],
    ['Roll.', 'Pitch.', 'Yaw.'],
    "How it is turned: about the parent's x, then y, then z axis (URDF's roll, pitch, yaw). Default 0, 0, 0.",
  ).optional(),
})

const topic = z
  .string({ error: 'expected a topic such as /camera/color/image_raw' })
  .regex(/^\/?[A-Za-z_][A-Za-z0-9_]*(\/[A-Za-z_][A-Za-z0-9_]*)*$/, {
    error: issue => `'${short(String(issue.input))}' is not a topic such as /camera/color/image_raw`,
  })
  .meta({ description: 'A ROS topic name: absolute, or relative to the namespace.' })

/** As ROS writes them. */
export const namespaceSchema = z
  .string({ error: 'expected a namespace such as /left' })
  .regex(/^\/$|^(\/[A-Za-z_][A-Za-z0-9_]*)+$/, {
    error: issue => `'${short(String(issue.input))}' is not a namespace such as /left`,
  })
  .meta({
    description: 'Where relative topics lie. Default: the namespace of the ROS 2 node that reads the file, else /.',
  })

const streamSchema = () =>
  mapping({
    topic,
    type: rosType([...STREAM_TYPES.keys()] as [string, ...string[]]).meta({ description: 'ROS type name.' }),
    modality: word('modality', [...MODALITIES] as [string, ...string[]])
      .optional()
      .meta({ description: 'Default by type: an Image is depth where its stream has depth in its name, else rgb.' }),
    timeline: word('timeline', ['header', 'receive'])
      .optional()
      .meta({ description: 'Which stamp counts. Default header; receive for types without one.' }),
    clock: word('clock', ['ours', 'estimate'])
      .optional()
      .meta({ description: 'estimate: offset and drift of the source clock are estimated. Default ours.' }),
    tare: time('Averaged from the first sample on and then subtracted. Default 0: none.', ['0 s', '1 min']).optional(),
    select: z
      .array(
        z
          .string({ error: 'expected a value such as position.joint_1' })
          .regex(/^(position|velocity|effort)\.[^\s.][^\s]*$/, {
            error: issue =>
              `'${short(String(issue.input))}' is not a value such as position.joint_1 (position, velocity or effort)`,
          }),
        { error: 'expected a list such as [position.joint_1]' },
      )
      .optional()
      .meta({
        description:
          "Which joint values, in which order. Default: the positions of the first message's joints, by name.",
      }),
    depth_unit: quantity(
      'length',
      ['0.001 mm', '1 m'],
      'What 1 means in depth images of whole units (16UC1, mono16). Default 1 mm.',
    ).optional(),
    align: alignSchema().optional(),
    ...(besideShape() as object),
  })

const limits = mapping({
  workspace: mapping({
    x: range('length', PLACE, 'Base frame.'),
    y: range('length', PLACE, 'Base frame.'),
    z: range('length', PLACE, 'Base frame.'),
  })
    .optional()
    .meta({ description: 'Where the tool may be, base frame. Needed with actions.arm.' }),
  speed: quantity('speed', ['1 mm/s', '10 m/s'], 'Tool speed, at most. Needed with actions.arm.').optional(),
  yaw_rate: quantity(
    'angular speed',
    ['0.1 deg/s', '1000 deg/s'],
    'Tool yaw rate, at most. Needed with actions.arm.',
  ).optional(),
  width: range('length', ['0 m', '1 m'], 'Gripper width. Needed with actions.gripper.').optional(),
  effort: range('force', ['0 N', '2000 N'], 'Grip force. Needed with actions.gripper.').optional(),
  contact: quantity('force', FORCE, 'Tared wrist force that counts as contact. Default 3 N.').optional(),
  over_force: quantity('force', FORCE, 'Tared wrist force at which motion stops. Default 30 N.').optional(),
  watchdog: mapping({
    wrench: time('Default 50 ms.', WATCH).optional(),
    camera: time('Default 250 ms.', WATCH).optional(),
    policy: time('Default 300 ms.', WATCH).optional(),
    gripper: time('Default 200 ms.', WATCH).optional(),
  })
    .optional()
    .meta({ description: 'Silence after which the control node holds.' }),
})

/** A robot file as it is written; parsing turns quantities into SI numbers and times into whole ns. */
const makeSchema = (driver: Driver) =>
  mapping({
    robot: name('a name for the robot'),
    namespace: namespaceSchema.optional(),
    tick: mapping({
      from: z
        .string({ error: 'expected the name of a stream' })
        .optional()
        .meta({ description: 'A stream: each of its samples is a tick.' }),
      rate: quantity('rate', ['0.01 Hz', '1000 kHz'], 'A fixed rate of ticks.').optional(),
      period: time('A fixed period of ticks.', ['1 us', '100 s']).optional(),
    }).meta({ description: 'When an observation is made: one of from, rate, period.' }),
    max_wait: time('A tick waits for its brackets at most so long. Default 40 ms.', ['0 s', '10 s']).optional(),
    max_silence: time('A stream silent for longer is not waited for. Default 250 ms.', AGE).optional(),
    streams: z
      .record(name('a stream name'), streamSchema(), {
        error: issue => (issue.code === 'invalid_type' ? 'expected a map of streams' : undefined),
      })
      .refine(all => Object.keys(all).length > 0, { error: 'at least one stream is needed' })
      .meta({ description: 'What is observed: stream name to topic, type and alignment.' }),
    actions: mapping({
      gripper: gripperSchema(driver).optional(),
      arm: mapping({
        topic,
        type: rosType([POSE_TYPE]),
        pose: z
          .string({
            error: `expected the name of the ${POSE_TYPE} stream that says where the tool is, such as pose: tool`,
          })
          .meta({ description: 'The stream of this file that says where the tool is.' }),
      }).optional(),
    })
      .optional()
      .meta({ description: 'Where commands go.' }),
    limits: limits.optional().meta({ description: 'What the control node never exceeds.' }),
    frames: z
      .record(frameName, frame, {
        error: issue => (issue.code === 'invalid_type' ? 'expected a map of frames' : undefined),
      })
      .optional()
      .meta({ description: 'Frames that do not move in their parents: what goes to /tf_static on ROS 2.' }),
    languages: z
      .array(word('language', ROBOT_LANGUAGES), { error: 'expected a list such as [en, de]' })
      .min(1, { error: 'at least one language: without any, nobody could say stop' })
      .optional()
      .meta({ description: 'Whose stop words count. Default: en, zh, de.' }),
    reset: mapping({ topic }).optional().meta({ description: 'A message here starts a new episode.' }),
  })

let made: { readonly known: readonly unknown[]; readonly schema: ReturnType<typeof makeSchema> } | undefined

/**
 * The schema of a robot file with a gripper of this driver, for the strategies and types that are known by now. Left
 * out: the common driver.
 */
export function robotSchema(driver?: string): ReturnType<typeof makeSchema> {
  const declared = driverOf(driver)
  const known = [declared, ...STRATEGIES.values(), ...STREAM_TYPES.values()]
  if (!made || made.known.length !== known.length || made.known.some((each, i) => each !== known[i]))
    made = { known, schema: makeSchema(declared) }
  return made.schema
}

export type RobotParsed = z.output<ReturnType<typeof makeSchema>>
export type StreamParsed = z.output<ReturnType<typeof streamSchema>>
export type FramesParsed = RobotParsed['frames']
export type LimitsParsed = z.output<typeof limits>

/** The JSON Schema (draft 7, what editors read) of a robot file, as text that ends with a newline. */
export function robotJsonSchema(): string {
  const schema = z.toJSONSchema(robotSchema(), { io: 'input', target: 'draft-7' })
  return `${JSON.stringify({ ...schema, title: 'prehend robot file' }, null, 2)}\n`
}
