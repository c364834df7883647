import type { Robot } from '../../robots/robot.js'
import type { Bus, Disposable, Publisher } from '../../middleware/bus.js'
import { isLate } from '../../control/arm/late.js'
import type { PoseStamped, StringMessage, TypeName } from '../../middleware/messages.js'
import { saidIn, SCRIPTED, type Utterance } from '../../control/speech/said.js'
import { meaningOf } from '../../control/speech/stop-word.js'
import { StopAuthority } from '../../control/state/stop-authority.js'
import type { SimulatedCell } from '../../sim/embedded/cell-handle.js'
import type { EpisodeSetup, Verdict } from '../../sim/simulated-cell.js'

/** ns between two looks at the verdict in real time: the pace of the wrench. */
const LOOK = 5_000_000
/** ns for which the end of an episode stays to be seen by the others, where others speak. */
const LINGER = 1_000_000_000

export interface EpisodeResult {
  readonly index: number
  /** What was said at its start; empty: nothing yet. */
  readonly command: string
  /** What is said in its course: another command, or a stop. */
  readonly correction: string | undefined
  readonly target: string | undefined
  /** The target breaks easily: its crush limit is below 70 N. */
  readonly fragile: boolean
  readonly success: boolean
  /** `interrupted`: by whoever runs it; `stopped`: by somebody's word. */
  readonly reason: Verdict['reason'] | 'interrupted' | 'stopped'
  readonly peakForce: number
  /** Simulated seconds. */
  readonly seconds: number
}

export interface EpisodesOptions {
  readonly bus: Bus
  readonly cell: Pick<SimulatedCell, 'reset' | 'said' | 'setToolTarget' | 'verdict' | 'truth' | 'onError'>
  readonly robot: Robot
  /** Where each episode is announced, and where its result goes. */
  readonly topics: { readonly announcements: string; readonly results: string }
  /** Said at each one's start instead of its drawn command, which no correction then follows. */
  readonly command: string | undefined
  /**
   * Says the commands and corrections. Undefined: others speak; an episode's clock begins with the first command that
   * is heard.
   */
  readonly say: ((text: string, frameId: string) => void) | undefined
  /** Lets time pass until `done`. Default: as it does. */
  readonly pass?: (done: () => boolean) => Promise<void>
  /** Each ends after so long (ns), lost unless it was won by then. Default: when its judge says so. */
  readonly atMost?: number | undefined
  /**
   * After each, before its result: lets what is on its way arrive. Default: that runs on into the next one, as on a
   * real machine.
   */
  readonly rest?: (() => Promise<void>) | undefined
  /** Somebody's stop keeps an episode from beginning. */
  readonly onHeld?: (() => void) | undefined
  readonly onError: (error: Error) => void
}

/**
 * The cell's episodes on a bus: each is placed, announced on the robot's reset topic, spoken to, judged, and its result
 * published. While a stop stands that somebody said none begins, and the one in which it was said counts as stopped,
 * however it ends. A stop of an episode's own script ends with it.
 */
export class Episodes implements Disposable {
  lastSaid = ''
  readonly #options: EpisodesOptions
  readonly #authority = new StopAuthority()
  readonly #announcements: Publisher<StringMessage>
  readonly #results: Publisher<StringMessage>
  #ears: readonly Disposable[] = []
  /** Of the running episode: what was said at its start and when (bus time), and whether somebody has stopped it. */
  #command = ''
  #start = NaN
  #stopped = false
  #failure: Error | undefined
  #hopeless = false
  /**
   * Bus time at which the episode had been placed; Infinity from the beginning of its placing on, also where that came
   * to nothing.
   */
  #placed = 0
  /** What waits for a "resume". */
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
   * From now on hears what is said. Called after those who act upon it have begun to listen: the judge counts from when
   * it hears.
   */
  listen(): void {
    const { bus, robot } = this.#options
    this.#ears = robot.streams
      .filter(s => s.modality === 'voice')
      .map(stream => bus.subscribe(stream.topic, stream.type as TypeName, message => this.#hear(message as Utterance)))
  }

  /**
   * One episode, from its placing to its result; undefined: it did not begin, since it was `ended` before or no
   * "resume" can come.
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
   * The arm's set-point, effective on arrival. What was made before an episode was placed belongs to the one before and
   * is not heeded: the arm would set out for where that one ended, and move while the wrist is tared. Nor is what comes
   * after a placing in which somebody said stop, or which failed or was broken off, until the next one: the arm is at
   * home. Without a stamp it counts as made on arrival.
   */
  setToolTarget({ stamp, pose }: Pick<PoseStamped, 'stamp' | 'pose'>): void {
    const now = this.#options.bus.clock.now()
    if (now < this.#placed || (stamp > 0 && isLate(stamp, now, this.#placed))) return
    this.#options.cell.setToolTarget(pose)
  }

  /** Nobody will say "resume" any more: an episode that waits for it, now or later, does not begin. */
  giveUp(): void {
    this.#hopeless = true
    this.#wake?.()
  }

  dispose(): void {
    for (const part of [this.#announcements, this.#results, ...this.#ears]) part.dispose()
  }

  /** Placed anew where somebody said stop meanwhile: its judge has heard it. */
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

  /** Resolves when no stop stands any more, or none will be taken back. */
  async #resumed(ended: AbortSignal): Promise<void> {
    this.#options.onHeld?.()
    const wake = (): void => this.#wake?.()
    ended.addEventListener('abort', wake, { once: true })
    while (this.#authority.stands && !this.#hopeless && !ended.aborted) {
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
    ended.removeEventListener('abort', wake)
    this.#wake = undefined
  }

  #say(text: string): void {
    this.#options.say?.(text, meaningOf(text, this.#options.robot.languages) === 'stop' ? SCRIPTED : '')
  }

  #hear(utterance: Utterance): void {
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
      const timer = this.#options.bus.clock.every(LOOK, () => {
        if (!done()) return
        timer.dispose()
        resolve()
      })
    })
  }
}
