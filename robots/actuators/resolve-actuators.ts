import type { Stream } from '../../fusion/stream.js'
import type { Fail } from '../fields.js'
import type { Json } from '../json.js'
import { bareModel } from '../kinematics/bare-model.js'
import { checkKinematics } from '../kinematics/kinematics-section.js'
import { applies, resolveActuatorLimits } from '../limits/actuator-limits.js'
import { canonicalJoints, type JointsParsed } from '../limits/joint-limits.js'
import { resolveHome } from '../limits/home.js'
import type { LimitsParsed } from '../limits/limits-section.js'
import { short, unknownName } from '../validation.js'
import { nameBelow, wholeName } from '../topic-name.js'
import type { ActuatorParsed, CommonKeys } from './actions-section.js'
import type { ActuatorBase, OwnFields } from './actuator-base.js'
import type { Endpoint } from './actuator-kind.js'
import { kindOf, type Actuator } from './actuators.js'

/** What surrounds `actions` in a robot file. */
export interface ActionsContext {
  readonly streams: readonly Stream[]
  readonly namespace: string
  readonly limits: LimitsParsed | undefined
  readonly fail: Fail
  /** The text of a model or a calibration that the file names. Left out: they are not looked at, as in a recording. */
  readonly readModel?: ((path: string) => string) | undefined
}

/** An actuator and its section in the canonical text. */
export interface ResolvedActuator {
  readonly actuator: Actuator
  readonly canonical: Json
}

/**
 * The actuators by name, so that the order of keys in the file has no meaning. Checks each by itself and all against
 * each other.
 */
export function resolveActuators(
  actions: Readonly<Record<string, ActuatorParsed>> | undefined,
  context: ActionsContext,
): readonly ResolvedActuator[] {
  const read = Object.entries(actions ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, parsed]) => ({ name, ...parsed, own: readSection(name, parsed, context) }))
  checkLimitsAreUsed(read, context)
  const resolved = read.map(each => resolveActuator(each, context))
  checkEndpoints(
    resolved.map(({ actuator }) => actuator),
    context.fail,
  )
  return resolved
}

/** A section whose own keys are resolved. */
interface Read extends ActuatorParsed {
  readonly name: string
  readonly own: OwnFields<ActuatorBase>
}

const readSection = (
  name: string,
  { declared, section }: ActuatorParsed,
  { streams, namespace, fail, readModel }: ActionsContext,
): OwnFields<ActuatorBase> =>
  declared.resolve(section, {
    name,
    streams,
    whole: topic => wholeName(topic, namespace),
    readText: readModel,
    fail: (keys, message) => fail('ROBOT_INVALID', ['actions', name, ...keys], message),
  })

function resolveActuator(
  { name, declared, section, own }: Read,
  { namespace, limits: all, fail, readModel }: ActionsContext,
): ResolvedActuator {
  const { takes, joints } = own
  const { kinematics, home } = section
  const limits = resolveActuatorLimits(
    { name, takes, joints, hasKinematics: kinematics !== undefined },
    section.limits,
    all,
    fail,
  )
  const text = kinematics && readModel && modelText(name, kinematics.file, readModel, fail)
  const followers =
    kinematics && text !== undefined
      ? checkKinematics({ name, joints: limits.joints }, kinematics, text, (path, message) =>
          fail('ROBOT_INVALID', path, message),
        )
      : []
  const actuator = {
    ...own,
    name,
    limits,
    kinematics: kinematics && { ...kinematics, model: text === undefined ? undefined : bareModel(text), followers },
    home:
      home &&
      resolveHome(home, limits.joints, (keys, message) =>
        fail('ROBOT_INVALID', ['actions', name, 'home', ...keys], message),
      ),
  } as Actuator
  const canonical = {
    ...declared.canonical(actuator, topic => nameBelow(topic, namespace)),
    ...canonicalCommon(section, actuator),
  }
  return { actuator, canonical }
}

function modelText(name: string, file: string, readModel: (path: string) => string, fail: Fail): string {
  try {
    return readModel(file)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return fail('ROBOT_INVALID', ['actions', name, 'kinematics', 'file'], `cannot read ${short(file)}: ${why}`)
  }
}

function canonicalCommon(
  { limits, kinematics }: CommonKeys,
  { home }: Actuator,
): Readonly<Record<string, Json | undefined>> {
  return {
    limits: limits && canonicalLimits(limits),
    kinematics: kinematics && { file: kinematics.file, base: kinematics.base, tip: kinematics.tip },
    home,
  }
}

/** Limits in the canonical text as they were given, in SI. */
function canonicalLimits({
  joints,
  workspace,
  ...rest
}: { readonly joints?: JointsParsed | undefined } & NonNullable<CommonKeys['limits']>): Json {
  return {
    ...rest,
    workspace: workspace && { x: workspace.x, y: workspace.y, z: workspace.z },
    joints: canonicalJoints(joints),
  }
}

/** No two actuators command one topic, one action or one port. */
function checkEndpoints(actuators: readonly Actuator[], fail: Fail): void {
  const taken = new Map<string, string>()
  for (const actuator of actuators) {
    for (const { what, at, key } of kindOf(actuator).endpoints(actuator)) {
      const place = `${what} ${at}`
      const other = taken.get(place)
      if (other !== undefined) fail('ROBOT_INVALID', ['actions', actuator.name, ...key], clash(what, at, other))
      taken.set(place, actuator.name)
    }
  }
}

function clash(what: Endpoint['what'], at: string, other: string): string {
  return what === 'port'
    ? `${at} is the port of '${other}' too; give each its own port, or put all servos of a bus into one actuator`
    : `the ${what} ${at} is commanded by '${other}' too; leave one out`
}

/** Limits that no actuator could keep are a mistake, since a person would rely on them. */
function checkLimitsAreUsed(read: readonly Read[], { limits, fail }: ActionsContext): void {
  const joints = [...new Set(read.flatMap(({ own }) => own.joints))]
  const stray = Object.keys(limits?.joints ?? {}).find(joint => !joints.includes(joint))
  if (stray !== undefined)
    fail(
      'ROBOT_INVALID',
      ['limits', 'joints', stray],
      joints.length === 0 ? 'no actuator of this file has joints' : unknownName('joint', stray, joints),
    )
  const change = (['acceleration', 'turn_acceleration'] as const).find(key => limits?.[key] !== undefined)
  if (change !== undefined && !read.some(({ own }) => own.takes.some(({ kind }) => kind === 'twist')))
    fail('ROBOT_INVALID', ['limits', change], 'no actuator of this file takes velocities of its tool; leave this out')
  const jointed = read.find(({ own }) => own.joints.length > 0)
  const keep = ({ name, own, section }: Read): boolean =>
    applies({ ...own, name, hasKinematics: section.kinematics !== undefined }).includes('workspace')
  if (limits?.workspace && jointed && !read.some(keep))
    fail(
      'ROBOT_INVALID',
      ['limits', 'workspace'],
      `where the tool of '${jointed.name}' is follows from its joints alone: say actions.${jointed.name}.kinematics`,
    )
}
