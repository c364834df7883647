import type { Controller } from '../control/controller.js'
import { isCommander } from '../control/state/commanders.js'
import type { Bus, Disposable, Publisher } from '../middleware/bus.js'
import type { StringMessage } from '../middleware/messages.js'
import type { Robot } from '../robots/robot.js'
import { wholeName } from '../robots/topic-name.js'
import { executableOf } from './chunk-message.js'

/** ms between two messages that say who is followed, where nothing changes. */
const PERIOD = 1000
const NS_PER_MS = 1e6

/** Full names of the topics of a robot that say who commands. */
export function commandTopics({ namespace }: Pick<Robot, 'namespace'>): {
  /** What a person commands: prehend_interfaces/msg/ActionChunk. */
  chunks: string
  /** Who is to command: `policy` or `person`. std_msgs/msg/String. */
  request: string
  /** Whom the actuators follow: `policy`, `person` or `nobody`. std_msgs/msg/String. */
  followed: string
} {
  return {
    chunks: wholeName('teleop/action_chunk', namespace),
    request: wholeName('teleop/commander', namespace),
    followed: wholeName('control/commander', namespace),
  }
}

/**
 * Passes a person's chunks and takeovers from the bus to the controller, and says on the bus whom the actuators follow:
 * at each change, and once a second. A bus that processes share counts that second by the machine's time, since others
 * conclude from a silence that this process has died; another bus counts it by its own time, as a replay needs it.
 */
export class CommandWiring {
  readonly #bus: Bus
  readonly #topics: ReturnType<typeof commandTopics>
  readonly #controller: Controller
  #publisher: Publisher<StringMessage> | undefined
  #said = ''
  #at = -Infinity

  constructor(bus: Bus, robot: Robot, controller: Controller) {
    this.#bus = bus
    this.#topics = commandTopics(robot)
    this.#controller = controller
  }

  open(): void {
    this.#publisher = this.#bus.advertise(this.#topics.followed, 'std_msgs/msg/String')
  }

  close(): void {
    this.#publisher?.dispose()
    this.#publisher = undefined
  }

  /** Adds each subscription to `to`. */
  subscribe(to: Disposable[]): void {
    const { chunks, request } = this.#topics
    to.push(
      this.#bus.subscribe(chunks, 'prehend_interfaces/msg/ActionChunk', (chunk, receive) =>
        this.#controller.take(executableOf(chunk), receive, 'person'),
      ),
      this.#bus.subscribe(request, 'std_msgs/msg/String', ({ data }, receive) => {
        if (isCommander(data)) this.#controller.command(data, receive)
      }),
    )
    this.#said = ''
    if (!this.#bus.graph) return
    const timer = setInterval(() => {
      if (this.#said !== '') this.#publisher?.publish({ data: this.#said })
    }, PERIOD)
    to.push({ dispose: () => clearInterval(timer) })
  }

  /** To be called after each step of the controller. */
  tell(now: number): void {
    const { followed } = this.#controller
    const isDue = !this.#bus.graph && (now - this.#at >= PERIOD * NS_PER_MS || now < this.#at)
    if (followed === this.#said && !isDue) return
    this.#said = followed
    this.#at = now
    this.#publisher?.publish({ data: followed })
  }
}
