import { strategiesFor } from '../fusion/align/registry.js'
import { MODALITIES } from '../fusion/modality.js'
import { MILLIMETRE } from '../fusion/depth-unit.js'
import { listed, resolveAlign } from './align.js'
import { resolveGripper } from './gripper.js'
import { unknownName } from './validation.js'
import { canonicalText, translationSha256 } from './canonical.js'
import { ROBOT_LANGUAGES } from './languages.js'
import type { Fail, Path } from './fields.js'
import type { FixedFrame, Limits, Robot, Stream } from './robot.js'
import type { FramesParsed, LimitsParsed, RobotParsed, StreamParsed } from './schema.js'
import { wholeName } from './topic-name.js'
import { POSE_TYPE } from '../fusion/stream-types/pose.js'
import { DEFAULT_STRATEGY, isImageType, STREAM_TYPES } from '../fusion/stream-types/registry.js'

const MS = 1e6

const DEFAULTS = {
  maxWait: 40 * MS,
  maxSilence: 250 * MS,
} as const

const DEFAULT_LIMITS: Limits = {
  workspace: { x: [-0.25, 0.25], y: [-0.2, 0.2], z: [0, 0.4] },
  speed: 0.35,
  yawRate: Number(Math.PI.toPrecision(12)),
  width: [0, 0.085],
  effort: [20, 120],
  contact: 3,
  overForce: 30,
  watchdog: { wrench: 50 * MS, camera: 250 * MS, policy: 300 * MS, gripper: 200 * MS },
}

/**
 * What the schema cannot say: defaults, references between keys, what fits which type. `fail` throws, with the place in
 * the file. `outer`: the namespace of relative topics where the file names none.
 */
export function resolveRobot(file: RobotParsed, fail: Fail, outer: string): Robot {
  const namespace = file.namespace ?? outer
  const whole = <T extends { readonly topic: string }>(named: T): T => ({
    ...named,
    topic: wholeName(named.topic, namespace),
  })
  const streams = Object.entries(file.streams).map(([name, stream]) => resolveStream(name, whole(stream), fail))
  checkTopics(streams, fail)
  streams.sort((a, b) => MODALITIES.indexOf(a.modality) - MODALITIES.indexOf(b.modality) || (a.name < b.name ? -1 : 1))
  const gripper = file.actions?.gripper
  const robot = {
    name: file.robot,
    namespace,
    tick: resolveTick(file.tick, streams, fail),
    maxWait: file.max_wait ?? DEFAULTS.maxWait,
    maxSilence: file.max_silence ?? DEFAULTS.maxSilence,
    streams,
    reset: file.reset && whole(file.reset),
    actions: {
      gripper: gripper && resolveGripper(gripper),
      arm: resolveArm(file.actions?.arm && whole(file.actions.arm), streams, fail),
    },
    limits: resolveLimits(file, fail),
    frames: resolveFrames(file.frames ?? {}, fail),
    languages: ROBOT_LANGUAGES.filter(code => file.languages?.includes(code) ?? true),
  }
  const canonical = canonicalText(robot)
  return { ...robot, canonical, sha256: translationSha256(canonical) }
}

/**
 * The tool pose is a stream that is named: another pose in the file (a marker's, a camera's) must never be taken for
 * it.
 */
function resolveArm(arm: Robot['actions']['arm'], streams: readonly Stream[], fail: Fail): Robot['actions']['arm'] {
  if (!arm) return undefined
  const path = ['actions', 'arm', 'pose']
  const poses = streams.filter(({ type }) => type === POSE_TYPE).map(({ name }) => name)
  if (poses.length === 0)
    fail(
      'ROBOT_INVALID',
      path,
      `an arm needs a stream of type ${POSE_TYPE} that says where its tool is; this file has none`,
    )
  const stream =
    streams.find(({ name }) => name === arm.pose) ?? fail('ROBOT_INVALID', path, unknownName('stream', arm.pose, poses))
  if (stream.type !== POSE_TYPE)
    fail('ROBOT_INVALID', path, `'${arm.pose}' is ${stream.type}; the tool pose is a ${POSE_TYPE}: ${poses.join(', ')}`)
  if (stream.topic === arm.topic)
    fail(
      'ROBOT_INVALID',
      path,
      `'${arm.pose}' is read from ${arm.topic}, where the set-points go; the tool pose is a measured one`,
    )
  return arm
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
    fail('ROBOT_INVALID', path('tare'), `only a wrench can be tared, this is ${stream.type}`)
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

/**
 * Left out, the limits are those of the embedded cell; whoever moves something must say the ones that the motion needs.
 */
function resolveLimits({ actions, limits }: RobotParsed, fail: Fail): Limits {
  const needed = [
    ...(actions?.arm ? (['workspace', 'speed', 'yaw_rate'] as const) : []),
    ...(actions?.gripper ? (['width', 'effort'] as const) : []),
  ]
  const missing = needed.filter(key => limits?.[key] === undefined)
  if (missing.length > 0)
    fail('ROBOT_INVALID', ['limits'], `actions need the limits ${needed.join(', ')}; missing: ${missing.join(', ')}`)
  const given: Partial<LimitsParsed> = limits ?? {}
  const contact = given.contact ?? DEFAULT_LIMITS.contact
  const overForce = given.over_force ?? DEFAULT_LIMITS.overForce
  if (contact >= overForce) {
    fail(
      'ROBOT_INVALID',
      ['limits', given.contact === undefined ? 'over_force' : 'contact'],
      `contact is ${contact} N and over_force ${overForce} N: contact must be below over_force`,
    )
  }
  return {
    workspace: given.workspace ?? DEFAULT_LIMITS.workspace,
    speed: given.speed ?? DEFAULT_LIMITS.speed,
    yawRate: given.yaw_rate ?? DEFAULT_LIMITS.yawRate,
    width: given.width ?? DEFAULT_LIMITS.width,
    effort: given.effort ?? DEFAULT_LIMITS.effort,
    contact,
    overForce,
    watchdog: { ...DEFAULT_LIMITS.watchdog, ...given.watchdog },
  }
}

/** By name. Frames are a forest: one that hung on itself would lie nowhere. */
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
