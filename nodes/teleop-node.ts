import type { Commander } from '../control/state/commanders.js'
import type { Bus, Disposable, Publisher } from '../middleware/bus.js'
import { LifecycleNode } from '../middleware/lifecycle.js'
import type { ActionChunkMessage, StringMessage } from '../middleware/messages.js'
import type { Robot } from '../robots/robot.js'
import { commandTopics } from './command-wiring.js'

/** ns between two chunks of a person. */
export const TELEOP_PERIOD = 20_000_000

export interface TeleopOptions {
  readonly bus: Bus
  readonly robot: Pick<Robot, 'namespace'>
  /**
   * What the person wants at bus time `now` (ns), with that stamp. `began`: they have just taken over. Undefined: they
   * are not heard.
   */
  readonly wanted: (now: number, began: boolean) => ActionChunkMessage | undefined
  /** Begins to listen to the person, and ends it. */
  readonly open: (to: Disposable[]) => Promise<void>
  readonly close: () => Promise<void>
}

/**
 * A person's device as a source of action chunks: one at 50 Hz while they command, and the requests that take the arm
 * and give it back. The control node carries them out as it does a policy's.
 */
export class TeleopNode extends LifecycleNode {
  /** Number of chunks that were published. */
  chunks = 0
  readonly #options: TeleopOptions
  readonly #subscriptions: Disposable[] = []
  #chunks: Publisher<ActionChunkMessage> | undefined
  #requests: Publisher<StringMessage> | undefined
  #timer: Disposable | undefined
  #commands = false
  #began = false
  #isPaused = false

  constructor(options: TeleopOptions) {
    super('teleop')
    this.#options = options
  }

  /** Whether the person has taken the arm. */
  get commands(): boolean {
    return this.#commands
  }

  /** The person takes the arm, or gives it to the policy. Where they have it already, they begin anew. */
  ask(commander: Commander): void {
    this.#commands = this.#began = commander === 'person'
    this.#isPaused = false
    this.#requests?.publish({ data: commander })
  }

  /** Ends the chunks at once, until the person takes the arm or `goOn` is called. */
  pause(): void {
    this.#isPaused = true
  }

  /** Ends a pause. The person begins anew. */
  goOn(): void {
    this.#isPaused = false
    this.#began = true
  }

  protected override async onConfigure(): Promise<void> {
    const { bus, robot, open } = this.#options
    const { chunks, request } = commandTopics(robot)
    this.#chunks = bus.advertise(chunks, 'prehend_interfaces/msg/ActionChunk')
    this.#requests = bus.advertise(request, 'std_msgs/msg/String')
    await open(this.#subscriptions)
  }

  protected override onActivate(): void {
    const { clock } = this.#options.bus
    this.#timer = clock.every(TELEOP_PERIOD, () => this.#tell(clock.now()))
  }

  protected override onDeactivate(): void {
    this.#timer?.dispose()
    this.#timer = undefined
  }

  protected override async onCleanup(): Promise<void> {
    await this.#options.close()
    for (const subscription of this.#subscriptions.splice(0)) subscription.dispose()
    this.#chunks?.dispose()
    this.#requests?.dispose()
    this.#chunks = this.#requests = undefined
  }

  #tell(now: number): void {
    if (!this.#commands || this.#isPaused) return
    const chunk = this.#options.wanted(now, this.#began)
    if (!chunk) return
    this.#began = false
    this.chunks++
    this.#chunks?.publish(chunk)
  }
}
