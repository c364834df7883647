import { setTimeout as pause } from 'node:timers/promises'
import { isCommander, type Commander } from '../../control/state/commanders.js'
import type { Bus, Disposable } from '../../middleware/bus.js'
import { commandTopics } from '../../nodes/command-wiring.js'
import type { Robot } from '../../robots/robot.js'
import { UsageError } from '../output/output.js'

/** ms in which the processes of a bus have found each other. */
const DISCOVERY = 2000
/** ms after which an active control node, which speaks at least once a second, counts as silent. */
const SILENCE = 2500
/** ms between two looks. */
const LOOK = 20

/**
 * A control node in another process that commands a robot. It is known by what it says on `control/commander`: one that
 * has died, or was never activated, says nothing.
 */
export class ControlElsewhere implements Disposable {
  readonly #bus: Bus
  readonly #topics: ReturnType<typeof commandTopics>
  readonly #subscription: Disposable
  #followed: Commander | 'nobody' | undefined
  /** ms of the machine's time at the newest message. */
  #heardAt = -Infinity

  /**
   * Undefined: no active control node has come up on the bus within so many ms. This process must not have one of its
   * own.
   */
  static async find(bus: Bus, robot: Robot, within = DISCOVERY): Promise<ControlElsewhere | undefined> {
    const found = new ControlElsewhere(bus, robot)
    const { followed } = found.#topics
    const isAnnounced = (): boolean => bus.topics().some(each => each.topic === followed && each.publishers > 0)
    const isHeard = (): boolean => found.followed !== undefined
    if ((await holds(() => isHeard() || isAnnounced(), within)) && (await holds(isHeard, SILENCE))) return found
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

  /** Resolves once it can hear who is to command. False: it cannot within the time of a discovery. */
  canBeAsked(): Promise<boolean> {
    const { request } = this.#topics
    return holds(
      () => this.#bus.topics().some(({ topic, subscribers }) => topic === request && subscribers > 0),
      DISCOVERY,
    )
  }

  dispose(): void {
    this.#subscription.dispose()
  }
}

/**
 * Two control nodes would both write to the arm. Rejects with UsageError where another one commands the robot already;
 * `remedy` says what else there is to do than to end it. To be called before this process has one of its own.
 */
export async function requireSoleControl(bus: Bus, robot: Robot, remedy = ''): Promise<void> {
  const other = await ControlElsewhere.find(bus, robot)
  other?.dispose()
  if (other)
    throw new UsageError(
      `robot ${robot.name}: another control node commands it already (${commandTopics(robot).followed}); ` +
        `end it first${remedy}; nothing was moved`,
    )
}

/**
 * Whether a condition comes to hold within so many ms. The looks are counted, not the time, so that a process on a busy
 * machine looks longer.
 */
async function holds(condition: () => boolean, within: number): Promise<boolean> {
  for (let looks = within / LOOK; !condition(); looks--) {
    if (looks <= 0) return false
    await pause(LOOK)
  }
  return true
}
