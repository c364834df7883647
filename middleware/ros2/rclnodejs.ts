import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'
import { BusError } from '../bus-error.js'
import type { RosTime } from '../cdr/ros-time.js'

/**
 * The part of rclnodejs that is used here, with its own words. Its own type file is made with the messages, and so is
 * not there before a build.
 */
export interface Rclnodejs {
  init(context: RosContext, argv: readonly string[]): Promise<void>
  Node: new (name: string, namespace: string, context: RosContext, options?: unknown) => RosNode
  Context: new (domainId?: bigint) => RosContext
  QoS: RosQosClass
  QoSOverridingOptions: new (policies: readonly number[]) => unknown
  QoSPolicyKind: Readonly<Record<'HISTORY' | 'DEPTH' | 'RELIABILITY' | 'DURABILITY', number>>
  Parameter: new (name: string, type: number, value: unknown) => RosParameter
  ParameterDescriptor: new (
    name: string,
    type: number,
    description: string,
    readOnly: boolean,
  ) => { toMessage(): object }
  ActionServer: new <Goal, Result>(
    node: RosNode,
    type: string,
    name: string,
    execute: (goal: RosGoal<Goal>) => Promise<Result>,
    judge: (goal: Goal) => number,
    accepted: undefined,
    cancel: (goal: RosGoal<Goal>) => number,
  ) => { destroy(): void }
  GoalResponse: Readonly<Record<'ACCEPT' | 'REJECT', number>>
  CancelResponse: Readonly<Record<'ACCEPT' | 'REJECT', number>>
  /** The class of a type; throws for one whose messages were not made. */
  require(type: string): unknown
  removeSignalHandlers(): void
}

export interface RosContext {
  isValid(): boolean
  shutdown(): void
}

export interface RosParameter {
  readonly name: string
  /** rcl_interfaces/msg/ParameterType. */
  readonly type: number
  readonly value: unknown
}

/** rcl_interfaces/msg/SetParametersResult. */
export interface SetParametersResult {
  readonly successful: boolean
  readonly reason: string
}

interface RosQosClass {
  new (history: number, depth: number, reliability: number, durability: number): unknown
  HistoryPolicy: Readonly<Record<'RMW_QOS_POLICY_HISTORY_KEEP_LAST', number>>
  ReliabilityPolicy: Readonly<
    Record<'RMW_QOS_POLICY_RELIABILITY_RELIABLE' | 'RMW_QOS_POLICY_RELIABILITY_BEST_EFFORT', number>
  >
  DurabilityPolicy: Readonly<
    Record<'RMW_QOS_POLICY_DURABILITY_TRANSIENT_LOCAL' | 'RMW_QOS_POLICY_DURABILITY_VOLATILE', number>
  >
}

export interface RosPublisher {
  /** How many subscriptions are known to hear it. */
  readonly subscriptionCount: number
  readonly handle: unknown
  /** Whether every reliable subscription has acknowledged everything, waiting `timeout` ns for it at most. */
  waitForAllAcked(timeout: bigint): boolean
  publish(message: Buffer | object): void
}

export interface RosSubscription {
  readonly topic: string
  readonly handle: unknown
}

/** An accepted goal of an action. One of succeed, abort and canceled ends it, before its result is returned. */
export interface RosGoal<Goal> {
  readonly request: Goal
  readonly isCancelRequested: boolean
  publishFeedback(feedback: object): void
  succeed(): void
  abort(): void
  canceled(): void
}

export interface RosService {
  readonly serviceName: string
}

export interface RosClient {
  /** Rejects after `timeout` ms and when `signal` is aborted. */
  sendRequestAsync(
    request: object,
    options: { readonly timeout: number; readonly signal: AbortSignal },
  ): Promise<unknown>
}

/** What the graph calls the node of an endpoint whose node it has not heard of yet. */
export const UNKNOWN_NODE = '_NODE_NAME_UNKNOWN_'

/** One publisher or subscription as the graph shows it. Of a policy 1 is the stronger: reliable, transient local. */
export interface RosEndpoint {
  readonly node_name: string
  readonly node_namespace: string
  readonly topic_type: string
  readonly qos_profile: { readonly reliability: number; readonly durability: number }
}

/** What rclnodejs's addon does itself. */
export interface RosAddon {
  /** The oldest message (CDR bytes) that a subscription holds; undefined where it holds none. */
  rclTakeRaw(subscription: unknown): Buffer | undefined
  createSubscriptionEventHandle(subscription: unknown, event: number): RosHandle
  createPublisherEventHandle(publisher: unknown, event: number): RosHandle
  takeEvent(handle: RosHandle, event: Readonly<Record<string, number>>): { readonly last_policy_kind: number }
}

export interface RosHandle {
  release(): void
}

/** An event of rcl that the executor waits for. */
export interface RosEvent {
  readonly handle: RosHandle
  readonly _handle: RosHandle
  /** Called when it has happened. */
  takeData(): void
}

export interface RosNode {
  /** What its executor waits for; `syncHandles` tells it of a change. */
  readonly _subscriptions: RosSubscription[]
  readonly _events: RosEvent[]
  syncHandles(): void
  name(): string
  namespace(): string
  spin(): void
  stop(): void
  destroy(): void
  getClock(): { now(): { nanoseconds: bigint } }
  getLogger(): RosLogger
  createPublisher(type: string, topic: string, options?: object): RosPublisher
  createSubscription(type: string, topic: string, options: object, listener: (message: Buffer) => void): RosSubscription
  createService<Request, Response>(
    type: string,
    name: string,
    handler: (request: Request, response: { template: Response; send(message: Response): void }) => void,
  ): RosService
  createClient(type: string, service: string): RosClient
  destroyPublisher(publisher: RosPublisher): void
  destroySubscription(subscription: RosSubscription): void
  destroyService(service: RosService): void
  destroyClient(client: RosClient): void
  declareParameter(parameter: RosParameter, descriptor: unknown, ignoreOverride?: boolean): RosParameter
  undeclareParameter(name: string): void
  getParameters(): RosParameter[]
  hasParameter(name: string): boolean
  getParameter(name: string): RosParameter
  addOnSetParametersCallback(callback: (parameters: readonly RosParameter[]) => SetParametersResult): void
  setParametersAtomically(parameters: readonly RosParameter[]): SetParametersResult
  resolveTopicName(topic: string): string
  getTopicNamesAndTypes(): { name: string; types: string[] }[]
  getPublishersInfoByTopic(topic: string): RosEndpoint[]
  getSubscriptionsInfoByTopic(topic: string): RosEndpoint[]
  getServiceNamesAndTypesByNode(name: string, namespace: string): { name: string; types: string[] }[]
}

/** A node's time now, as messages carry it. */
export function rosTimeOf(node: RosNode): RosTime {
  const { nanoseconds } = node.getClock().now()
  return { sec: Number(nanoseconds / 1_000_000_000n), nanosec: Number(nanoseconds % 1_000_000_000n) }
}

export interface RosLogger {
  debug(text: string): void
  info(text: string): void
  warn(text: string): void
  error(text: string): void
}

const require = createRequire(import.meta.url)
const SET_UP = 'source your ROS 2 (`. /opt/ros/DISTRO/setup.sh`), or run `npm run setup:ros` and then `. .ros/setup.sh`'

let loaded: Promise<Rclnodejs> | undefined

/**
 * rclnodejs, once it is known that it can be loaded: it would otherwise begin to compile itself, and delete its own
 * build for that. Throws BusError ROS2 that says what to install or to source.
 */
export function loadRclnodejs(): Promise<Rclnodejs> {
  loaded ??= load()
  return loaded
}

async function load(): Promise<Rclnodejs> {
  const problem = rosProblem()
  if (problem !== undefined) throw new BusError('ROS2', problem)
  return ((await import('rclnodejs' as string)) as { default: Rclnodejs }).default
}

/** rclnodejs's addon, the very one that `loadRclnodejs` works with. Throws BusError ROS2 as that does. */
export function rosAddon(): RosAddon {
  const problem = rosProblem()
  if (problem !== undefined) throw new BusError('ROS2', problem)
  const { ROS_DISTRO = '' } = process.env
  return require(addonOf(rclnodejsFolder(), ROS_DISTRO) ?? '') as RosAddon
}

/** Why ROS 2 cannot be used in this process, with what to do; undefined where it can. */
export function rosProblem(): string | undefined {
  const { AMENT_PREFIX_PATH, ROS_DISTRO } = process.env
  if (!AMENT_PREFIX_PATH || !ROS_DISTRO) return `ros2: no ROS 2 in this shell: ${SET_UP}`
  let folder: string
  try {
    folder = rclnodejsFolder()
  } catch {
    return (
      'ros2: the package rclnodejs is not installed: run `npm run setup:ros` in a checkout, or `npm ' +
      'install rclnodejs` with ROS 2 sourced'
    )
  }
  const addon = addonOf(folder, ROS_DISTRO)
  if (addon === undefined) return 'ros2: rclnodejs has no build for this machine: run `npm run setup:ros`'
  try {
    require(addon)
  } catch (error) {
    return `ros2: rclnodejs cannot be loaded (${(error as Error).message.split('\n')[0]}): ${SET_UP}`
  }
  return undefined
}

/** Throws where the package is not installed. */
const rclnodejsFolder = (): string => dirname(dirname(require.resolve('rclnodejs')))

/** Its own build, or the one that came with it for this distribution. */
function addonOf(folder: string, distro: string): string | undefined {
  const { platform, arch } = process
  const prebuilt = `${distro}-${codename() ?? 'unknown'}-${arch}-node-rclnodejs.node`
  return [
    join(folder, 'build/Release/rclnodejs.node'),
    join(folder, 'prebuilds', `${platform}-${arch}`, prebuilt),
  ].find(existsSync)
}

/** Of the Linux distribution, as rclnodejs reads it. */
function codename(): string | undefined {
  const release = '/etc/os-release'
  return existsSync(release) ? /^VERSION_CODENAME=(.*)$/m.exec(readFileSync(release, 'utf8'))?.[1]?.trim() : undefined
}

/**
 * Why a type cannot be used whose package not every ROS 2 brings; undefined where it can. Not installed, it is not
 * looked for any further.
 */
export function lacking(rcl: Rclnodejs, type: string): string | undefined {
  const [name = ''] = type.split('/')
  const prefixes = (process.env.AMENT_PREFIX_PATH ?? '').split(delimiter)
  if (!prefixes.some(prefix => existsSync(join(prefix, 'share/ament_index/resource_index/rosidl_interfaces', name))))
    return `${name} is not installed`
  try {
    rcl.require(type)
    return undefined
  } catch {
    return `${name} was installed after \`npm run setup:ros\`, which has to run once more`
  }
}
