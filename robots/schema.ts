import { z } from 'zod'
import { DRIVERS } from '../drivers/gripper-drivers.js'
import { SERVO_MODELS } from '../drivers/servo/servo-models.js'
import { STRATEGIES } from '../fusion/align/strategies.js'
import { MODALITIES } from '../fusion/modality.js'
import { ROBOT_LANGUAGES } from './languages.js'
import { alignSchema, besideShape } from './align-section.js'
import { compensateSchema } from './compensate-section.js'
import { actionsSchema } from './actuators/actions-section.js'
import { ACTUATORS } from './actuators/actuators.js'
import { jsonSchemaOf } from './chosen.js'
import { name, quantity, rosType, time, triple, word } from './fields.js'
import { limitsSchema } from './limits/limits-section.js'
import { frameName, topic } from './ros-names.js'
import { mapping, short } from './validation.js'
import { STREAM_TYPES } from '../fusion/stream-types/stream-types.js'

const AGE = ['1 us', '1 hour'] as const

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

/** A namespace in the form of ROS. */
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
    compensate: compensateSchema(frameName).optional(),
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

/** The schema of a robot file. Parsing turns quantities into SI numbers and times into whole ns. */
const makeSchema = () =>
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
    actions: actionsSchema(),
    limits: limitsSchema,
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

/** The schema of a robot file, with the strategies, types and kinds of actuators that are registered now. */
export function robotSchema(): ReturnType<typeof makeSchema> {
  const known = [STRATEGIES, STREAM_TYPES, ACTUATORS, DRIVERS, SERVO_MODELS].flatMap(each => [...each.values()])
  if (!made || made.known.length !== known.length || made.known.some((each, i) => each !== known[i]))
    made = { known, schema: makeSchema() }
  return made.schema
}

export type RobotParsed = z.output<ReturnType<typeof makeSchema>>
export type StreamParsed = z.output<ReturnType<typeof streamSchema>>
export type FramesParsed = RobotParsed['frames']

/** The JSON Schema (draft 7, which editors read) of a robot file, as text that ends with a newline. */
export function robotJsonSchema(): string {
  return `${JSON.stringify({ ...jsonSchemaOf(robotSchema()), title: 'prehend robot file' }, null, 2)}\n`
}
