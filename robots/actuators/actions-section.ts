import { z } from 'zod'
import { chosen } from '../chosen.js'
import { name, type JointPosition } from '../fields.js'
import { kinematicsSchema, type Kinematics } from '../kinematics/kinematics-section.js'
import { homeSchema } from '../limits/home.js'
import { actuatorLimitsSchema, type ActuatorLimitsParsed } from '../limits/limits-section.js'
import { mapping, unknownName } from '../validation.js'
import type { ActuatorKind, RawSection } from './actuator-kind.js'
import { ACTUATORS, kindOfSection } from './actuators.js'

/** The keys of a section that all kinds of actuators have alike. */
export interface CommonKeys {
  readonly limits?: ActuatorLimitsParsed | undefined
  readonly kinematics?: Kinematics | undefined
  readonly home?: Readonly<Record<string, JointPosition>> | undefined
}

/** A section of `actions` after its schema. */
export interface ActuatorParsed {
  readonly declared: ActuatorKind
  readonly section: object & CommonKeys
}

/** The schema of `actions`: a map from names to actuators, each by the schema of its kind. */
export const actionsSchema = () =>
  z
    .record(
      name('the name of an actuator'),
      chosen<ActuatorParsed>(
        sectionSchema,
        [...ACTUATORS.values()].flatMap(declared =>
          (declared.shapes?.() ?? [declared.shape()]).map(shape => mapping(withCommon(declared, shape))),
        ),
      ),
      { error: issue => (issue.code === 'invalid_type' ? 'expected a map of actuators' : undefined) },
    )
    .optional()
    .meta({ description: 'Where commands go: actuator name to actuator.' })

function sectionSchema(value: unknown): z.ZodType<ActuatorParsed> {
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    return refused([], 'expected a map: an actuator')
  const section = value as RawSection
  const declared = kindOfSection(section)
  if (declared)
    return mapping(withCommon(declared, declared.shape(section))).transform(parsed => ({
      declared,
      section: parsed as CommonKeys,
    }))
  const { type } = section
  const types = typesOf('topic' in section ? '/msg/' : 'action' in section ? '/action/' : '')
  if (typeof type === 'string') return refused(['type'], unknownName('type', type, types))
  return 'topic' in section || 'action' in section || 'type' in section
    ? refused(['type'], `expected a type: ${types.join(', ')}`)
    : refused([], 'expected a driver with its port, a topic with its type, or an action with its type')
}

const withCommon = (declared: ActuatorKind, shape: Readonly<Record<string, z.ZodType>>) => ({
  ...shape,
  limits: actuatorLimitsSchema,
  ...(declared.hasJoints && { kinematics: kinematicsSchema, home: homeSchema }),
})

/** The message types that some kind of actuator has, by the schemas' enums. */
const typesOf = (part: string): string[] =>
  [...ACTUATORS.values()].flatMap(declared => {
    const { type } = declared.shape()
    return type instanceof z.ZodEnum ? (type.options as string[]).filter(each => each.includes(part)) : []
  })

/** A schema that takes nothing, and says so at a key of the section. */
const refused = (path: string[], message: string): z.ZodType<never> =>
  z.unknown().transform((_value, context) => {
    context.issues.push({ code: 'custom', path, message, input: undefined })
    return z.NEVER
  })
