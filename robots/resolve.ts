import { strategiesFor } from '../fusion/align/strategies.js'
import { MODALITIES } from '../fusion/modality.js'
import { MILLIMETRE } from '../fusion/depth-unit.js'
import { listed, resolveAlign } from './align-section.js'
import { resolveCompensate } from './compensate-section.js'
import { armAndGripper, isOfTheLoop } from './actuators/arm-and-gripper.js'
import { resolveActuators } from './actuators/resolve-actuators.js'
import { unknownName } from './validation.js'
import { canonicalText, translationSha256 } from './canonical.js'
import { ROBOT_LANGUAGES } from './languages.js'
import type { Fail, Path } from './fields.js'
import { canonicalLimits, resolveLimits } from './limits/robot-limits.js'
import type { FixedFrame, Robot, Stream } from './robot.js'
import type { FramesParsed, RobotParsed, StreamParsed } from './schema.js'
import { wholeName } from './topic-name.js'
import { DEFAULT_STRATEGY, isImageType, STREAM_TYPES } from '../fusion/stream-types/stream-types.js'

const MS = 1e6

const DEFAULTS = {
  maxWait: 40 * MS,
  maxSilence: 250 * MS,
} as const

/** What a robot file is read in. */
export interface Surroundings {
  /** The namespace of relative topics where the file names none. */
  readonly namespace: string
  /** The text of a model that the file names. Left out: models are not looked at. */
  readonly readModel?: ((path: string) => string) | undefined
}

/**
 * Does what a schema cannot express: defaults, references between keys, and which keys fit which type. `fail` throws
 * with the place in the file.
 */
export function resolveRobot(file: RobotParsed, fail: Fail, outer: Surroundings): Robot {
  const namespace = file.namespace ?? outer.namespace
  const whole = <T extends { readonly topic: string }>(named: T): T => ({
    ...named,
    topic: wholeName(named.topic, namespace),
  })
  const frames = resolveFrames(file.frames ?? {}, fail)
  const types = new Map(Object.entries(file.streams).map(([name, { type }]) => [name, type]))
  const streams = Object.entries(file.streams).map(([name, stream]) => ({
    ...resolveStream(name, whole(stream), fail),
    compensate: resolveCompensate(name, stream, { types, frames, fail }),
  }))
  checkTopics(streams, fail)
  streams.sort((a, b) => MODALITIES.indexOf(a.modality) - MODALITIES.indexOf(b.modality) || (a.name < b.name ? -1 : 1))
  const resolved = resolveActuators(file.actions, {
    streams,
    namespace,
    limits: file.limits,
    fail,
    readModel: outer.readModel,
  })
  const actuators = resolved.map(({ actuator }) => actuator)
  const limits = resolveLimits(file.limits, actuators, fail)
  const robot = {
    name: file.robot,
    namespace,
    tick: resolveTick(file.tick, streams, fail),
    maxWait: file.max_wait ?? DEFAULTS.maxWait,
    maxSilence: file.max_silence ?? DEFAULTS.maxSilence,
    streams,
    reset: file.reset && whole(file.reset),
    actuators,
    actions: armAndGripper(actuators),
    limits,
    frames,
    languages: ROBOT_LANGUAGES.filter(code => file.languages?.includes(code) ?? true),
  }
  const canonical = canonicalText({
    robot,
    actions: Object.fromEntries(resolved.map(each => [each.actuator.name, each.canonical])),
    limits: canonicalLimits(
      limits,
      file.limits,
      actuators.every(each => isOfTheLoop(each.name, each.kind, each)),
    ),
  })
  return { ...robot, canonical, sha256: translationSha256(canonical) }
}

function resolveTick(tick: RobotParsed['tick'], streams: readonly Stream[], fail: Fail): Robot['tick'] {
  const given = Object.keys(tick)
  if (given.length !== 1) fail('ROBOT_INVALID', ['tick'], `say one of from, rate and period, got ${listed(given)}`)
  const { from } = tick
  if (from === undefined) {
    return { period: tick.period ?? Math.round(1e9 / (tick.rate ?? 0)) }
  }
  const names = streams.map(stream => stream.name)
  if (!names.includes(from)) fail('ROBOT_INVALID', ['tick', 'from'], unknownName('stream', from, names))
  return { from }
}

function checkTopics(streams: readonly Stream[], fail: Fail): void {
  const selection = (stream: Stream): string => [...stream.select].sort().join(' ')
  for (const [i, stream] of streams.entries()) {
    const clashes = (s: Stream): boolean =>
      s.topic === stream.topic && (s.type !== stream.type || selection(s) === selection(stream))
    const other = streams.slice(0, i).find(clashes)
    if (other) {
      const why = other.type === stream.type ? 'with the same selection' : `as ${other.type}`
      fail(
        'ROBOT_INVALID',
        ['streams', stream.name, 'topic'],
        `${stream.topic} is read by '${other.name}' too, ${why}; leave one out`,
      )
    }
  }
}

function resolveStream(name: string, stream: StreamParsed, fail: Fail): Stream {
  const path = (...keys: string[]): Path => ['streams', name, ...keys]
  const rule = STREAM_TYPES.get(stream.type)
  if (!rule) return fail('ROBOT_INVALID', path('type'), unknownName('type', stream.type, [...STREAM_TYPES.keys()]))

  const fallback = isImageType(stream.type) && /depth/i.test(name) ? 'depth' : rule.modalities[0]
  const modality = rule.modalities.find(known => known === (stream.modality ?? fallback))
  if (!modality) {
    return fail(
      'ROBOT_INVALID',
      path('modality'),
      `${stream.type} gives ${rule.modalities.join(' or ')}, not ${stream.modality}`,
    )
  }

  const timeline = stream.timeline ?? (rule.unstamped ? 'receive' : 'header')
  if (timeline === 'header' && rule.unstamped)
    fail('ROBOT_INVALID', path('timeline'), `${stream.type} has no header; say receive`)
  const clock = stream.clock ?? 'ours'
  if (clock === 'estimate' && timeline === 'receive') {
    fail('ROBOT_INVALID', path('clock'), 'estimate corrects header stamps; timeline receive has none')
  }
  if (stream.tare && !(rule.kind === 'vector' && rule.tareable))
    fail('ROBOT_INVALID', path('tare'), `only a wrench or an array can be tared, this is ${stream.type}`)
  if (stream.select && !(rule.kind === 'vector' && rule.selectable)) {
    fail('ROBOT_INVALID', path('select'), `only joint states can be selected from, this is ${stream.type}`)
  }
  const select = stream.select ?? []
  if (new Set(select).size !== select.length) fail('ROBOT_INVALID', path('select'), 'names a value twice')

  const unit = stream.depth_unit
  if (unit !== undefined && modality !== 'depth')
    fail('ROBOT_INVALID', path('depth_unit'), `belongs to a depth image, this is ${modality}`)

  const align = resolveAlign(stream, DEFAULT_STRATEGY[modality], path, fail)
  const strategies = strategiesFor(modality)
  if (!strategies.includes(align.strategy)) {
    fail('ROBOT_INVALID', path('align'), `${align.strategy} does not fit ${stream.type}; say ${strategies.join(', ')}`)
  }
  return {
    name,
    topic: stream.topic,
    type: stream.type,
    modality,
    timeline,
    clock,
    tare: stream.tare ?? 0,
    select,
    depthUnit: unit === MILLIMETRE ? undefined : unit,
    align,
  }
}

/** The frames, sorted by name. A frame must not be its own ancestor, since it would then have no place. */
function resolveFrames(frames: NonNullable<FramesParsed>, fail: Fail): FixedFrame[] {
  const parents = new Map(Object.entries(frames).map(([name, { parent }]) => [name, parent]))
  for (const name of parents.keys()) {
    const chain = [name]
    for (let parent = parents.get(name); parent !== undefined; parent = parents.get(parent)) {
      if (parent === name)
        fail('ROBOT_INVALID', ['frames', name, 'parent'], `the frame hangs on itself: ${[...chain, name].join(' in ')}`)
      if (chain.includes(parent)) break
      chain.push(parent)
    }
  }
  return Object.entries(frames)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { parent, xyz, rpy }]) => ({ name, parent, xyz: xyz ?? [0, 0, 0], rpy: rpy ?? [0, 0, 0] }))
}
