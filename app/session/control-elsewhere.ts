import { setTimeout as pause } from 'node:timers/promises'
import { isCommander, type Commander } from '../../control/state/commanders.js'
import type { Bus, Disposable } from '../../middleware/bus.js'
import type { ServiceClient } from '../../middleware/bus-graph.js'
import { commandTopics } from '../../nodes/command-wiring.js'
import type { Robot } from '../../robots/robot.js'
import { Interrupted } from '../output/ending.js'
import { UsageError } from '../output/output.js'

/**
 * ms in which the processes of a bus have found each other. Fast DDS announces a process five times in its first half
 * second and then every 3 s, so a busy machine that misses the first ones hears the next.
 */
const DISCOVERY = 4000
/** ms after which an active control node, which speaks at least once a second, counts as silent. */
const SILENCE = 2500
/** ms between two looks. */
const LOOK = 20
/** ms in which it carries out what it was asked for, the gripper's answer included. */
const ANSWER = 5000

export interface FindOptions {
  /** ms in which one may come up. */
  readonly within?: number
  /** Ends the search, which then rejects with Interrupted. */
  readonly signal?: AbortSignal | undefined
}

/**
 * A control node in another process that commands a robot. It is known by what it says on `control/commander`, since
 * one that has died, or was never activated, says nothing; and by its subscription of `teleop/commander`, which the
 * player of a recording does not have.
 */
export class ControlElsewhere implements Disposable {
  readonly #bus: Bus
  readonly #topics: ReturnType<typeof commandTopics>
  readonly #subscription: Disposable
  #stopService: ServiceClient | undefined
  #followed: Commander | 'nobody' | undefined
  /** ms of the machine's time at the newest message. */
  #heardAt = -Infinity

  /**
   * Undefined: no active control node has come up on the bus within the time. This process must not have one of its own.
   */
  static async find(
    bus: Bus,
    robot: Robot,
    { within = DISCOVERY, signal }: FindOptions = {},
  ): Promise<ControlElsewhere | undefined> {
    const found = new ControlElsewhere(bus, robot)
    const { followed } = found.#topics
    const isAnnounced = (): boolean => bus.topics().some(each => each.topic === followed && each.publishers > 0)
    const isHeard = (): boolean => found.followed !== undefined
    const isActive = (): boolean => isHeard() && found.#listens()
    try {
      if ((await holds(() => isHeard() || isAnnounced(), within, signal)) && (await holds(isActive, SILENCE, signal))) {
        found.#findStopService()
        return found
      }
    } catch (error) {
      found.dispose()
      throw error
    }
    found.dispose()
    return undefined
  }

  private constructor(bus: Bus, robot: Robot) {
    this.#bus = bus
    this.#topics = commandTopics(robot)
    this.#subscription = bus.subscribe(this.#topics.followed, 'std_msgs/msg/String', ({ data }) => {
      if (!isCommander(data) && data !== 'nobody') return
      this.#followed = data
      this.#heardAt = performance.now()
    })
  }

  /** Whose set-points the actuators follow. Undefined: it has fallen silent. */
  get followed(): Commander | 'nobody' | undefined {
    return performance.now() - this.#heardAt < SILENCE ? this.#followed : undefined
  }

  /** Resolves once the actuators follow `commander`. Rejects where they do not within a few seconds. */
  async follows(commander: Commander): Promise<void> {
    if (!(await holds(() => this.followed === commander, ANSWER)))
      throw new Error(`the control node follows ${this.followed ?? 'nobody: it has fallen silent'}`)
  }

  /** Whether it can say that it has stopped, and not only that it follows nobody. */
  get confirmsStops(): boolean {
    return this.#stopService?.ready === true
  }

  /**
   * Ends the motion by the service `~/stop` of the control node. Where it has none, only the word that is said on the
   * voice topic stops it, and this waits until it follows nobody. Rejects with the reason where it does not say within
   * a few seconds that it has stopped, or follows nobody.
   */
  async stop(): Promise<void> {
    if (this.#stopService?.ready) {
      const answer = await this.#stopService.call({ reason: 'the person at teleop said stop' }, ANSWER)
      const { stopped, message } = answer as { readonly stopped: boolean; readonly message: string }
      if (!stopped) throw new Error(message)
    } else if (!(await holds(() => this.followed === 'nobody', ANSWER)))
      throw new Error('the control node does not say that it follows nobody')
  }

  dispose(): void {
    this.#subscription.dispose()
    this.#stopService?.dispose()
  }

  /** Whether somebody hears who is to command. */
  #listens(): boolean {
    const { request } = this.#topics
    return this.#bus.topics().some(({ topic, subscribers }) => topic === request && subscribers > 0)
  }

  /** The client is made before it is needed: it has found the service by then. */
  #findStopService(): void {
    const { graph } = this.#bus
    const node = graph?.publishersOf(this.#topics.followed).at(-1)
    if (node !== undefined) this.#stopService = graph?.service(`${node}/stop`, 'prehend_interfaces/srv/Stop')
  }
}

/**
 * Two control nodes would both write to the arm. Rejects with UsageError where another one commands the robot already;
 * `remedy` says what else there is to do than to end it. Rejects with Interrupted where `signal` is aborted meanwhile. To
 * be called before this process has one of its own.
 */
export async function requireSoleControl(
  bus: Bus,
  robot: Robot,
  { signal, remedy = '' }: { readonly signal: AbortSignal; readonly remedy?: string },
): Promise<void> {
  const other = await ControlElsewhere.find(bus, robot, { signal })
  other?.dispose()
  if (other)
    throw new UsageError(
      `robot ${robot.name}: another control node commands it already (${commandTopics(robot).followed}); ` +
        `end it first${remedy}; nothing was moved`,
    )
}

/**
 * Two persons would both move the arm. Rejects with UsageError where another process has a person's chunks for the robot
 * already. To be called before this process has its own.
 */
export async function requireSolePerson(
  { graph }: Bus,
  robot: Robot,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const { chunks } = commandTopics(robot)
  const others = (): readonly string[] => graph?.publishersOf(chunks) ?? []
  if (graph && (await holds(() => others().length > 0, DISCOVERY, signal)))
    throw new UsageError(
      `robot ${robot.name}: a person commands it already (${others().join(', ')} on ${chunks}); end that first, and ` +
        'where it has died wait half a minute; nothing was moved',
    )
}

/**
 * Whether a condition comes to hold within so many ms. The looks are counted, not the time, so that a process on a busy
 * machine looks longer. Rejects with Interrupted once `signal` is aborted.
 */
async function holds(condition: () => boolean, within: number, signal?: AbortSignal): Promise<boolean> {
  for (let looks = within / LOOK; ; looks--) {
    requireGoingOn(signal)
    if (condition()) return true
    if (looks <= 0) return false
    await pause(LOOK)
  }
}

/** Throws Interrupted where the command was asked to end before it has brought up anything. */
export function requireGoingOn(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new Interrupted('ended before it began; nothing was moved')
}
