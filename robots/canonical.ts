import { createHash } from 'node:crypto'
import type { RawSection } from './actuators/actuator-kind.js'
import { kindOfSection } from './actuators/actuators.js'
import { isOfTheLoop } from './actuators/arm-and-gripper.js'
import { canonicalAlign, seconds } from './align-section.js'
import { canonicalCompensate } from './compensate-section.js'
import { sortedJson, type Json } from './json.js'
import { ROBOT_LANGUAGES } from './languages.js'
import type { Robot, Stream } from './robot.js'
import { nameBelow, ROOT, wholeName } from './topic-name.js'

/** A robot without its canonical text, and the parts of that text that are made where they are read. */
export interface CanonicalParts {
  readonly robot: Omit<Robot, 'canonical' | 'sha256'>
  /** The sections of `actions`, by name. */
  readonly actions: Readonly<Record<string, Json>>
  readonly limits: Json
}

/**
 * The canonical text: the robot file as one line of JSON, with sorted keys, all defaults, and numbers in SI units. It
 * is itself a robot file (JSON is YAML), and reading it gives the same robot.
 */
export function canonicalText({ robot, actions, limits }: CanonicalParts): string {
  const { namespace } = robot
  const topicOf = ({ topic }: { readonly topic: string }): string => nameBelow(topic, namespace)
  return sortedJson({
    robot: robot.name,
    namespace: namespace === ROOT ? undefined : namespace,
    tick: 'from' in robot.tick ? { from: robot.tick.from } : { period: seconds(robot.tick.period) },
    max_wait: seconds(robot.maxWait),
    max_silence: seconds(robot.maxSilence),
    streams: Object.fromEntries(
      robot.streams.map(stream => [stream.name, { ...streamOf(stream), topic: topicOf(stream) }]),
    ),
    actions,
    limits,
    frames:
      robot.frames.length === 0
        ? undefined
        : Object.fromEntries(robot.frames.map(({ name, parent, xyz, rpy }) => [name, { parent, xyz, rpy }])),
    languages: robot.languages.length === ROBOT_LANGUAGES.length ? undefined : robot.languages,
    reset: robot.reset && { topic: topicOf(robot.reset) },
  })
}

/**
 * The part of a canonical text that training depends on, as canonical JSON: tick, waits, streams (topics, types,
 * alignment, tare, selection) and the channels that the actuators take. It leaves out the robot's name, the namespace of
 * relative topics, drivers, ports, action topics, limits, frames, languages and reset. `channels` are those of a chunk of
 * contract version 1, to the arm and the gripper of `Actions`; `actuators`, where there are others, what each of these
 * takes.
 */
export function translationText(canonical: string): string {
  const { tick, max_wait, max_silence, streams, actions } = JSON.parse(canonical) as Record<
    string,
    { readonly [key: string]: Json }
  >
  const sections = Object.entries((actions ?? {}) as unknown as Readonly<Record<string, RawSection>>)
  const others = sections.filter(([name, section]) => !isPart(name, section))
  const channels = [
    ...(sections.some(([name, section]) => name === 'arm' && isPart(name, section)) ? ['dx', 'dy', 'dz', 'dyaw'] : []),
    ...(sections.some(([name, section]) => name === 'gripper' && isPart(name, section)) ? ['width', 'effort'] : []),
  ]
  const actuators =
    others.length === 0 ? undefined : Object.fromEntries(others.map(([name, section]) => [name, taken(section)]))
  const rooted = Object.fromEntries(
    Object.entries(streams as unknown as Record<string, { readonly topic: string }>).map(([name, stream]) => [
      name,
      { ...stream, topic: wholeName(stream.topic, ROOT) },
    ]),
  )
  return sortedJson({ tick, max_wait, max_silence, streams: rooted, channels, actuators })
}

const isPart = (name: string, section: RawSection): boolean => isOfTheLoop(name, kindOfSection(section)?.kind, section)

/** What a section of the canonical text takes: kind of channels to their names. */
const taken = (section: RawSection): Json =>
  Object.fromEntries((kindOfSection(section)?.takes(section) ?? []).map(({ kind, names }) => [kind, names]))

/** Hex sha256 of `translationText(canonical)`. */
export function translationSha256(canonical: string): string {
  return createHash('sha256').update(translationText(canonical)).digest('hex')
}

/**
 * The keys in which two translations differ, with both values: `streams.wrench.align.window: 0.05 in a, 0.033 in b; …`.
 * Times are in s. Empty where the two are the same for training.
 */
export function describeDifference(
  canonicalA: string,
  canonicalB: string,
  names: readonly [string, string] = ['a', 'b'],
): string {
  const read = (canonical: string): { streams: Record<string, Json> } =>
    JSON.parse(translationText(canonical)) as { streams: Record<string, Json> }
  const jsonA = read(canonicalA)
  const jsonB = read(canonicalB)
  const lone = (from: typeof jsonA, other: typeof jsonA): string[] =>
    Object.keys(from.streams).filter(name => !Object.hasOwn(other.streams, name))
  const missing = [
    [lone(jsonA, jsonB), names[1]],
    [lone(jsonB, jsonA), names[0]],
  ] as const
  const clauses = missing.flatMap(([streams, where]) =>
    streams.length === 0 ? [] : [`no stream ${streams.join(', ')} in ${where}`],
  )
  const common = (json: typeof jsonA, other: typeof jsonA): Json => ({
    ...json,
    streams: Object.fromEntries(Object.entries(json.streams).filter(([name]) => Object.hasOwn(other.streams, name))),
  })
  const a = flatten(common(jsonA, jsonB))
  const b = flatten(common(jsonB, jsonA))
  const keys = [...new Set([...a.keys(), ...b.keys()])].sort()
  const changed = keys
    .filter(key => a.get(key) !== b.get(key))
    .map(key => `${key}: ${a.get(key) ?? 'absent'} in ${names[0]}, ${b.get(key) ?? 'absent'} in ${names[1]}`)
  return [...clauses, ...changed].join('; ')
}

function streamOf(stream: Stream): Record<string, Json | undefined> {
  return {
    type: stream.type,
    modality: stream.modality,
    timeline: stream.timeline,
    clock: stream.clock,
    tare: stream.tare === 0 ? undefined : seconds(stream.tare),
    compensate: canonicalCompensate(stream),
    select: stream.select.length === 0 ? undefined : stream.select,
    depth_unit: stream.depthUnit,
    ...canonicalAlign(stream.align),
  }
}

function flatten(value: Json | undefined, path = '', into = new Map<string, string>()): Map<string, string> {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
    for (const [key, inner] of Object.entries(value)) flatten(inner, path === '' ? key : `${path}.${key}`, into)
  } else {
    into.set(path, JSON.stringify(value))
  }
  return into
}
