import type { Robot } from '../../robots/robot.js'
import type { Bus, Disposable, Publisher } from '../../middleware/bus.js'
import { isLate } from '../../control/arm/late.js'
import type { PoseStamped, StringMessage, TypeName } from '../../middleware/messages.js'
import { saidIn, type Utterance, type Speaker } from '../../control/speech/said.js'
import { StopAuthority } from '../../control/state/stop-authority.js'
import type { RobotCell } from '../../sim/robot-cell.js'
import type { EpisodeSetup, Verdict } from '../../sim/simulated-cell.js'

/** ns between two readings of the verdict in real time. */
const VERDICT_PERIOD = 5_000_000
/**
 * ns for which the scene stays as it is after an episode, where others give the commands, so that they see how it
 * ended.
 */
const LINGER = 1_000_000_000

export interface EpisodeResult {
  readonly index: number
  /** The command at its start. Empty: no command was given yet. */
  readonly command: string
  /** What is said during the episode: another command, or a stop. */
  readonly correction: string | undefined
  readonly target: string | undefined
  /** Whether the target breaks easily: its crush limit is below 70 N. */
  readonly fragile: boolean
  readonly success: boolean
  /** `interrupted`: the process was asked to end. `stopped`: a person said stop. */
  readonly reason: Verdict['reason'] | 'interrupted' | 'stopped'
  readonly peakForce: number
  /** Simulated seconds. */
  readonly seconds: number
}

export interface EpisodesOptions {
  readonly bus: Bus
  readonly cell: Pick<RobotCell, 'reset' | 'said' | 'verdict' | 'truth' | 'onError'> & {
    /** Moves an arm that takes poses of its tool. */
    setToolTarget?(pose: Float64Array): void
  }
  readonly robot: Robot
  /** Topics of the announcements and of the results. */
  readonly topics: { readonly announcements: string; readonly results: string }
  /** The command of each episode, instead of the drawn one. No correction follows it. */
  readonly command: string | undefined
  /**
   * Publishes commands and corrections. Undefined: others give the commands, and the time of an episode begins with the
   * first one that is received.
   */
  readonly say: ((text: string, speaker: Speaker) => void) | undefined
  /** Lets time pass until `done` is true. Default: real time. */
  readonly pass?: (done: () => boolean) => Promise<void>
  /** Length of an episode at most, ns. It is lost if it was not won by then. Default: the judge ends it. */
  readonly atMost?: number | undefined
  /**
   * Called after each episode, before its result. It lets messages that are on their way arrive. Default: they arrive
   * during the next episode, as on a real machine.
   */
  readonly rest?: (() => Promise<void>) | undefined
  /** Called when an episode waits because a stop stands. */
  readonly onHeld?: (() => void) | undefined
  readonly onError: (error: Error) => void
}

/**
 * The cell's episodes on a bus. Each is placed, announced on the robot's reset topic, given its commands and judged,
 * and its result is published. After a stop that a person said, no episode begins until a "resume". The episode in
 * which that stop was said counts as stopped, however it ends. A stop in an episode's own script ends with the episode.
 */
export class Episodes implements Disposable {
  lastSaid = ''
  readonly #options: EpisodesOptions
  readonly #authority = new StopAuthority()
  readonly #announcements: Publisher<StringMessage>
  readonly #results: Publisher<StringMessage>
  #subscriptions: readonly Disposable[] = []
  /** The running episode: its command, its start (bus time), and whether a person has stopped it. */
  #command = ''
  #start = NaN
  #stopped = false
  #failure: Error | undefined
  #cannotResume = false
  /**
   * Bus time at which the episode had been placed. Infinity while it is being placed, and after a placing that failed.
   */
  #placed = 0
  /** Wakes the wait for a "resume". */
  #wake: (() => void) | undefined

  constructor(options: EpisodesOptions) {
    this.#options = options
    const { bus, cell, topics, onError } = options
    this.#announcements = bus.advertise(topics.announcements, 'std_msgs/msg/String')
    this.#results = bus.advertise(topics.results, 'std_msgs/msg/String')
    cell.onError = error => {
      this.#failure ??= error
      onError(error)
    }
  }

  /**
   * Subscribes to the voice topics. It is called after the nodes that act on voice events have subscribed, since the
   * judge counts the time to a stop from when it receives the word.
   */
  listen(): void {
    const { bus, robot } = this.#options
    this.#subscriptions = robot.streams
      .filter(s => s.modality === 'voice')
      .map(stream =>
        bus.subscribe(stream.topic, stream.type as TypeName, message => this.#onVoice(message as Utterance)),
      )
  }

  /**
   * Runs one episode, from its placing to its result. Undefined: it did not begin, because `ended` was aborted before
   * or no "resume" can come.
   */
  async run(index: number, ended: AbortSignal): Promise<EpisodeResult | undefined> {
    const {
      bus: { clock },
      cell,
      command,
      say,
      pass = done => this.#pass(done),
      rest,
      atMost = Infinity,
    } = this.#options
    const setup = await this.#place(index, ended)
    if (!setup) return undefined
    const begun = clock.now()
    const limit = Math.min(setup.timeout, atMost)
    this.#start = say ? begun : Infinity
    this.#command = say ? (command ?? setup.command) : ''
    this.#stopped = false
    this.#announcements.publish({ data: JSON.stringify({ index, seed: setup.seed, objects: setup.objects }) })
    if (say) this.#say(this.#command)
    const { correction } = setup
    const followed = say && command === undefined ? correction : undefined
    const later = followed && clock.at(begun + followed.at, () => this.#say(followed.text))
    let verdict = cell.verdict()
    await pass(() => {
      verdict = cell.verdict()
      return ended.aborted || this.#failure !== undefined || verdict.done || clock.now() - this.#start > limit
    })
    later?.dispose()
    const { done, peakForce } = verdict
    const target = say ? setup.target : cell.truth().target
    const result: EpisodeResult = {
      index,
      command: this.#command,
      correction: followed?.text,
      target,
      fragile: target !== undefined && setup.fragile.includes(target),
      success: done && verdict.success && !this.#stopped,
      reason:
        this.#stopped && (done || !ended.aborted)
          ? 'stopped'
          : done
            ? verdict.reason
            : ended.aborted
              ? 'interrupted'
              : this.#failure
                ? 'fault'
                : (verdict.reason ?? 'timeout'),
      peakForce,
      seconds: (clock.now() - (this.#start === Infinity ? begun : this.#start)) / 1e9,
    }
    if (!ended.aborted && this.#failure === undefined) await rest?.()
    this.#results.publish({ data: JSON.stringify(result) })
    const over = clock.now()
    if (!say) await pass(() => ended.aborted || clock.now() - over > LINGER)
    return result
  }

  /**
   * Passes a set-point of the arm on to the cell. A set-point from before the episode was placed is ignored: it would
   * move the arm to where the last episode ended, while the wrist is being tared. After a placing that failed, was
   * interrupted, or in which a stop was said, set-points are ignored until the next placing, so the arm stays at home.
   * A set-point without a stamp counts as made on arrival.
   */
  setToolTarget({ stamp, pose }: Pick<PoseStamped, 'stamp' | 'pose'>): void {
    const now = this.#options.bus.clock.now()
    if (now < this.#placed || (stamp > 0 && isLate(stamp, now, this.#placed))) return
    this.#options.cell.setToolTarget?.(pose)
  }

  /** Called when no "resume" can come any more. An episode that waits for one, now or later, then does not begin. */
  giveUp(): void {
    this.#cannotResume = true
    this.#wake?.()
  }

  dispose(): void {
    for (const part of [this.#announcements, this.#results, ...this.#subscriptions]) part.dispose()
  }

  /**
   * Places an episode. It is placed again after a stop that was said during the placing, since its judge has received
   * that stop.
   */
  async #place(index: number, ended: AbortSignal): Promise<EpisodeSetup | undefined> {
    const {
      bus: { clock },
      cell,
      command,
      say,
    } = this.#options
    for (;;) {
      if (this.#authority.stands) await this.#resumed(ended)
      if (this.#authority.stands || ended.aborted) return undefined
      this.#placed = Infinity
      const setup = await cell.reset(index, { say: command, awaitCommand: say === undefined })
      if (ended.aborted) return undefined
      this.#failure = undefined
      if (this.#authority.stands) continue
      this.#placed = clock.now()
      return setup
    }
  }

  /** Resolves when no stop stands any more, or when no "resume" can come. */
  async #resumed(ended: AbortSignal): Promise<void> {
    this.#options.onHeld?.()
    const wake = (): void => this.#wake?.()
    ended.addEventListener('abort', wake, { once: true })
    while (this.#authority.stands && !this.#cannotResume && !ended.aborted) {
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
    ended.removeEventListener('abort', wake)
    this.#wake = undefined
  }

  #say(text: string): void {
    this.#options.say?.(text, 'script')
  }

  #onVoice(utterance: Utterance): void {
    const { cell, bus, robot } = this.#options
    const said = saidIn(utterance, robot.languages)
    this.lastSaid = said.text
    cell.said(said.text)
    this.#authority.hear(said)
    this.#stopped ||= this.#authority.stands
    if (this.#start === Infinity && said.meaning === 'command') {
      this.#start = bus.clock.now()
      this.#command = said.text
    }
    this.#wake?.()
  }

  #pass(done: () => boolean): Promise<void> {
    return new Promise(resolve => {
      const timer = this.#options.bus.clock.every(VERDICT_PERIOD, () => {
        if (!done()) return
        timer.dispose()
        resolve()
      })
    })
  }
}
