import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'
import { isCheckout } from '../../peers/installation.js'
import { installCommand } from '../../peers/peers.js'
import { BusError } from '../bus-error.js'
import type { RosTime } from '../cdr/ros-time.js'

/**
 * The part of rclnodejs that is used here, with rclnodejs's own names. The package has a type file of its own, but it
 * is generated together with the messages and does not exist before the set-up.
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
  ActionClient: new (node: RosNode, type: string, name: string) => RosActionClient
  GoalResponse: Readonly<Record<'ACCEPT' | 'REJECT', number>>
  CancelResponse: Readonly<Record<'ACCEPT' | 'REJECT', number>>
  /** The class of a type. Throws when its messages were not generated. */
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
  /** Number of subscriptions that are known to receive from it. */
  readonly subscriptionCount: number
  readonly handle: unknown
  /** Waits at most `timeout` ns until every reliable subscription has acknowledged all messages; false: it did not. */
  waitForAllAcked(timeout: bigint): boolean
  publish(message: Buffer | object): void
}

export interface RosSubscription {
  readonly topic: string
  readonly handle: unknown
}

/** An accepted goal of an action. `succeed`, `abort` or `canceled` ends it before its result is returned. */
export interface RosGoal<Goal> {
  readonly request: Goal
  readonly isCancelRequested: boolean
  publishFeedback(feedback: object): void
  succeed(): void
  abort(): void
  canceled(): void
}

/** A client of an action. `sendGoal` resolves when a server has accepted or rejected the goal. */
export interface RosActionClient {
  isActionServerAvailable(): boolean
  sendGoal(goal: object): Promise<RosClientGoal>
  destroy(): void
}

export interface RosClientGoal {
  isAccepted(): boolean
  /** Resolves when the goal has ended. */
  getResult(): Promise<unknown>
  cancelGoal(): Promise<unknown>
}

export interface RosService {
  readonly serviceName: string
}

export interface RosClient {
  isServiceServerAvailable(): boolean
  /** Rejects after `timeout` ms and when `signal` is aborted. */
  sendRequestAsync(
    request: object,
    options: { readonly timeout: number; readonly signal: AbortSignal },
  ): Promise<unknown>
}

/** Name that the graph gives to the node of an endpoint before it knows the node. */
export const UNKNOWN_NODE = '_NODE_NAME_UNKNOWN_'

/** A publisher or a subscription in the graph. In a policy 1 is the stronger value: reliable, transient local. */
export interface RosEndpoint {
  readonly node_name: string
  readonly node_namespace: string
  readonly topic_type: string
  readonly qos_profile: { readonly reliability: number; readonly durability: number }
}

/** Functions of rclnodejs's native addon. */
export interface RosAddon {
  /** Takes the oldest message (CDR bytes) in the queue of a subscription; undefined when it is empty. */
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
  /** Called when the event has happened. */
  takeData(): void
}

export interface RosNode {
  /** The handles that the executor waits for. `syncHandles` must be called after a change. */
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

/** The node's current time, as in messages. */
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
const SOURCE = 'source your ROS 2 (`. /opt/ros/DISTRO/setup.sh`)'

const setUp = (): string =>
  isCheckout() ? `${SOURCE}, or run \`npm run setup:ros\` and then \`. .ros/setup.sh\`` : SOURCE

/** What builds rclnodejs and its messages once more, in a shell with ROS 2. */
const rebuildCommand = (): string => `\`npm ${isCheckout() ? 'run setup:ros' : 'rebuild rclnodejs'}\``

let loaded: Promise<Rclnodejs> | undefined

/**
 * Loads rclnodejs after a check that it can be loaded. Without the check it would start to compile itself and delete
 * its own build for that. Throws BusError ROS2, which says what to install or to source.
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

/** rclnodejs's native addon, the same one that `loadRclnodejs` uses. Throws the same BusError ROS2. */
export function rosAddon(): RosAddon {
  const problem = rosProblem()
  if (problem !== undefined) throw new BusError('ROS2', problem)
  const { ROS_DISTRO = '' } = process.env
  return require(addonOf(rclnodejsFolder(), ROS_DISTRO) ?? '') as RosAddon
}

/** Why ROS 2 cannot be used in this process, and what to do; undefined when it can. */
export function rosProblem(): string | undefined {
  const { AMENT_PREFIX_PATH, ROS_DISTRO } = process.env
  if (!AMENT_PREFIX_PATH || !ROS_DISTRO) return `ros2: no ROS 2 in this shell: ${setUp()}`
  let folder: string
  try {
    folder = rclnodejsFolder()
  } catch {
    const install = `\`${installCommand(['rclnodejs'])}\` with ROS 2 sourced`
    return `ros2: the package rclnodejs is not installed: run ${isCheckout() ? '`npm run setup:ros`' : install}`
  }
  const addon = addonOf(folder, ROS_DISTRO)
  if (addon === undefined) return `ros2: rclnodejs has no build for this machine: run ${rebuildCommand()}`
  try {
    require(addon)
  } catch (error) {
    return `ros2: rclnodejs cannot be loaded (${(error as Error).message.split('\n')[0]}): ${setUp()}`
  }
  return undefined
}

/** Throws when the package is not installed. */
const rclnodejsFolder = (): string => dirname(dirname(require.resolve('rclnodejs')))

/** The addon that was compiled here, or the prebuilt one for this ROS distribution. */
function addonOf(folder: string, distro: string): string | undefined {
  const { platform, arch } = process
  const prebuilt = `${distro}-${codename() ?? 'unknown'}-${arch}-node-rclnodejs.node`
  return [
    join(folder, 'build/Release/rclnodejs.node'),
    join(folder, 'prebuilds', `${platform}-${arch}`, prebuilt),
  ].find(existsSync)
}

/** Code name of the Linux distribution, as rclnodejs determines it. */
function codename(): string | undefined {
  const release = '/etc/os-release'
  return existsSync(release) ? /^VERSION_CODENAME=(.*)$/m.exec(readFileSync(release, 'utf8'))?.[1]?.trim() : undefined
}

/**
 * Why a type cannot be used, when its package is not part of every ROS 2 installation; undefined when it can.
 */
export function lacking(rcl: Pick<Rclnodejs, 'require'>, type: string): string | undefined {
  const [name = ''] = type.split('/')
  const prefixes = (process.env.AMENT_PREFIX_PATH ?? '').split(delimiter)
  if (!prefixes.some(prefix => existsSync(join(prefix, 'share/ament_index/resource_index/rosidl_interfaces', name))))
    return `${name} is not installed`
  try {
    rcl.require(type)
    return undefined
  } catch {
    return `${name} was installed after ${rebuildCommand()}, which has to run once more`
  }
}
