import type { z } from 'zod'
import type { Stream } from '../../fusion/stream.js'
import type { Path } from '../fields.js'
import type { Json } from '../json.js'
import type { ActuatorBase, OwnFields } from './actuator-base.js'
import type { Taken } from './channels.js'

/** A section of `actions` before it is validated. */
export type RawSection = Readonly<Record<string, unknown>>

/** What surrounds a section of `actions`. */
export interface SectionContext {
  /** The name of the actuator. */
  readonly name: string
  readonly streams: readonly Stream[]
  /** The absolute name of a topic or of an action. */
  readonly whole: (topic: string) => string
  /** The text of a file that the section names; throws an Error that says why not. Undefined: files are not read, as in a recording. */
  readonly readText: ((path: string) => string) | undefined
  /** Throws a RobotError about a key of the section. */
  readonly fail: (keys: Path, message: string) => never
}

/** Where an actuator's commands go. No two actuators of a robot may have the same. */
export interface Endpoint {
  readonly what: 'topic' | 'action' | 'port'
  readonly at: string
  /** The key of the section that says so. */
  readonly key: Path
}

/**
 * The declaration of a kind of actuator: all that the robot file, its canonical text, `prehend check` and the reference
 * page need to know of it. To add a kind, write one file with such a declaration and one line in `actuators.ts`. `S`
 * is the section as the robot file gives it, after its schema. `A` is the actuator that becomes of it.
 */
export interface ActuatorKind<S extends object = object, A extends ActuatorBase = ActuatorBase> {
  /** A name of its own. A kind from another package is called PACKAGE/KIND. */
  readonly kind: A['kind']
  /** How a section is written, what it is, and the kinds of channels that it takes, for the reference page. */
  readonly written: string
  readonly meaning: string
  readonly channels: string
  /** Whether a section is of this kind. The first kind in the registry that says yes reads it. */
  claims(section: RawSection): boolean
  /** The schemas of the section's own keys. Without a section: those of its most common form. */
  shape(section?: RawSection): Readonly<Record<string, z.ZodType>>
  /** All forms of the section's own keys, for the JSON Schema. Left out: there is one. */
  shapes?(): readonly Readonly<Record<string, z.ZodType>>[]
  /** What it can be told. The section may also be one of a canonical text. */
  takes(section: S): readonly Taken[]
  /** Whether the section may name joints, and so `kinematics` and `home`. */
  readonly hasJoints: boolean
  resolve(section: S, context: SectionContext): OwnFields<A>
  /** The section in the canonical text. `below` gives a topic's name relative to the namespace. */
  canonical(actuator: A, below: (topic: string) => string): Readonly<Record<string, Json | undefined>>
  endpoints(actuator: A): readonly Endpoint[]
  /** The actuator in a few words. `topicOf` gives the topic of a stream. */
  describe(actuator: A, topicOf: (stream: string) => string): string
}

/** Gives the declaration back, with types in which its functions know the section and the actuator. */
export const actuatorKind = <S extends object, A extends ActuatorBase>(
  declared: ActuatorKind<S, A>,
): ActuatorKind<S, A> => declared
