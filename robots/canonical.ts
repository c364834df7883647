import { createHash } from 'node:crypto'
import { canonicalAlign, seconds } from './align.js'
import { ROBOT_LANGUAGES } from './languages.js'
import type { Robot, Stream } from './robot.js'
import { nameBelow, ROOT, wholeName } from './topic-name.js'

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined }
type Body = Omit<Robot, 'canonical' | 'sha256'>

/**
 * The canonical text: the robot file as JSON on one line, keys sorted, defaults filled in, numbers in SI. It is itself
 * a robot file (JSON is YAML), and reading it gives the same robot.
 */
export function canonicalText(robot: Body): string {
  const { gripper, arm } = robot.actions
  const { limits, namespace } = robot
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
    actions: {
      gripper: gripper as Json | undefined,
      arm: arm && { topic: topicOf(arm), type: arm.type, pose: arm.pose },
    },
    limits: {
      workspace: { x: limits.workspace.x, y: limits.workspace.y, z: limits.workspace.z },
      speed: limits.speed,
      yaw_rate: limits.yawRate,
      width: limits.width,
      effort: limits.effort,
      contact: limits.contact,
      over_force: limits.overForce,
      watchdog: {
        wrench: seconds(limits.watchdog.wrench),
        camera: seconds(limits.watchdog.camera),
        policy: seconds(limits.watchdog.policy),
        gripper: seconds(limits.watchdog.gripper),
      },
    },
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
 * alignment, tare, selection) and the channels of the action chunk. Not in it: the robot's name, the namespace that
 * relative topics lie in, drivers, ports, action topics, limits, frames, languages, reset.
 */
export function translationText(canonical: string): string {
  const { tick, max_wait, max_silence, streams, actions } = JSON.parse(canonical) as Record<
    string,
    { readonly [key: string]: Json }
  >
  const channels = [
    ...(actions?.['arm'] ? ['dx', 'dy', 'dz', 'dyaw'] : []),
    ...(actions?.['gripper'] ? ['width', 'effort'] : []),
  ]
  const rooted = Object.fromEntries(
    Object.entries(streams as unknown as Record<string, { readonly topic: string }>).map(([name, stream]) => [
      name,
      { ...stream, topic: wholeName(stream.topic, ROOT) },
    ]),
  )
  return sortedJson({ tick, max_wait, max_silence, streams: rooted, channels })
}

/** Hex sha256 of `translationText(canonical)`. */
export function translationSha256(canonical: string): string {
  return createHash('sha256').update(translationText(canonical)).digest('hex')
}

/**
 * Names the keys in which two translations differ, with both values: `streams.wrench.align.window: 0.05 in a, 0.033 in
 * b; …`. Times are in s. Empty when training would not tell the two apart.
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
    select: stream.select.length === 0 ? undefined : stream.select,
    depth_unit: stream.depthUnit,
    ...canonicalAlign(stream.align),
  }
}

function sortedJson(value: Json | undefined): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}

function flatten(value: Json | undefined, path = '', into = new Map<string, string>()): Map<string, string> {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
    for (const [key, inner] of Object.entries(value)) flatten(inner, path === '' ? key : `${path}.${key}`, into)
  } else {
    into.set(path, JSON.stringify(value))
  }
  return into
}
