import { Aligner, type AlignerOptions } from '../../../fusion/aligner.js'
import type { StreamCounters } from '../../../fusion/counters.js'
import type { Observation } from '../../../fusion/observation.js'
import { clockOf } from '../../../fusion/stream-clock.js'
import type { BagMessage } from '../../../middleware/bag/bag.js'
import { Arrivals } from '../../../nodes/intake/arrivals.js'
import { inlets, type Inlet } from '../../../nodes/intake/inlets.js'
import type { Robot } from '../../../robots/robot.js'
import { deliver, type StampClock } from '../../replay/replay-bag.js'
import type { Action } from './action.js'
import type { CommandStreams } from './command-streams.js'

interface Command {
  readonly stamp: number
  readonly values: Float64Array
}

interface Row {
  /** Stamp of the row's observation, and of the next one, which the action is for. */
  readonly stamp: number
  readonly next: number
  /** Receive time after which no command is waited for. */
  readonly deadline: number
}

/** A row whose commands are known. `action` undefined: one of them is missing. */
export interface AnsweredRow {
  readonly stamp: number
  readonly action: Action | undefined
}

export interface CommandLogOptions {
  readonly clock: StampClock
  /** How many rows wait for their commands: see `mostRowsWaiting`. */
  readonly mostWaiting: number
  readonly onSample: NonNullable<AlignerOptions['onSample']>
}

/**
 * The recorded commands by their stamps. A row is answered once each topic has a command at or past the next observation,
 * or `max_wait` after that observation was made, so that commands which travel longer than a picture count too. An aligner
 * takes the commands in as every stream, but not the one of the robot: its observations are the same with them.
 */
export class CommandLog {
  readonly #commands: CommandStreams
  readonly #clock: StampClock
  readonly #maxWait: number
  readonly #mostWaiting: number
  readonly #aligner: Aligner
  readonly #inlets: readonly Inlet[]
  /** By topic, in the order of stamps. */
  readonly #sent: readonly Command[][]
  /** By topic: how many rows have a command of it. */
  readonly #present: number[]
  readonly #rows: Row[] = []

  constructor(robot: Robot, commands: CommandStreams, { clock, mostWaiting, onSample }: CommandLogOptions) {
    const { streams } = commands
    this.#commands = commands
    this.#clock = clock
    this.#maxWait = robot.maxWait
    this.#mostWaiting = mostWaiting
    this.#sent = streams.map(() => [])
    this.#present = streams.map(() => 0)
    const heard: Robot = { ...robot, streams, tick: { from: streams[0]!.name } }
    this.#aligner = new Aligner(heard, () => undefined, {
      otherClock: clock.apart !== 0,
      onSample: (index, stamp, receive, dropped) => {
        onSample(index, stamp, receive, dropped)
        if (dropped === undefined) this.#keep(index, clockOf(streams[index]!) === 'receive' ? receive : stamp)
      },
    })
    const arrivals = new Arrivals(heard, this.#aligner, {
      onError: error => {
        throw error
      },
    })
    this.#inlets = inlets({
      robot: heard,
      aligner: this.#aligner,
      arrivals,
      onReset: () => this.#keepOnly(() => false),
    })
  }

  /** Of each topic. `present` counts rows. */
  get counters(): ReadonlyMap<string, StreamCounters> {
    const { streams } = this.#aligner.counters
    return new Map([...streams].map(([name, each], i) => [name, { ...each, present: this.#present[i]! }]))
  }

  /** Takes a message of any topic. Where an episode begins, all commands before it are forgotten. */
  take(message: BagMessage): void {
    for (const inlet of this.#inlets) if (inlet.topic === message.topic) deliver(message, inlet, this.#clock)
  }

  /** The row at `stamp` waits for what was commanded for the next observation. */
  expect(stamp: number, { stamp: next, emitted }: Observation): void {
    this.#rows.push({ stamp, next, deadline: emitted + this.#maxWait })
  }

  /** The rows that are answered at a receive time (ns), in order. Infinity: all. */
  *answered(receive: number): Generator<AnsweredRow> {
    for (let [row] = this.#rows; row !== undefined && this.#isSettled(row, receive); [row] = this.#rows) {
      this.#rows.shift()
      yield { stamp: row.stamp, action: this.#at(row.next) }
    }
  }

  /** No row before `stamp` will be asked for any more. */
  forget(stamp: number): void {
    const oldest = this.#rows[0]?.next ?? stamp
    for (const sent of this.#sent)
      sent.splice(
        0,
        Math.max(
          0,
          sent.findLastIndex(each => each.stamp <= oldest),
        ),
      )
  }

  /** Time has jumped between two observations. The commands before it are forgotten. */
  jump(from: Observation, to: Observation): void {
    this.#keepOnly(({ stamp }) => Math.abs(stamp - to.stamp) < Math.abs(stamp - from.stamp))
  }

  #keepOnly(isKept: (command: Command) => boolean): void {
    for (const sent of this.#sent) sent.splice(0, sent.length, ...sent.filter(isKept))
  }

  #keep(index: number, stamp: number): void {
    const { stamps, values } = this.#aligner.samples(index, stamp - 1, stamp)
    const sent = this.#sent[index]!
    const at = sent.findLastIndex(each => each.stamp <= stamp) + 1
    sent.splice(at, 0, { stamp, values: values.slice(values.length - values.length / stamps.length) })
  }

  #isSettled({ next, deadline }: Row, receive: number): boolean {
    return (
      receive > deadline ||
      this.#rows.length > this.#mostWaiting ||
      this.#sent.every(sent => (sent.at(-1)?.stamp ?? -Infinity) >= next)
    )
  }

  #at(stamp: number): Action | undefined {
    const found = this.#commands.streams.map(({ align }, i) => {
      const command = this.#sent[i]!.findLast(each => each.stamp <= stamp)
      const maxAge = align.strategy === 'asof' ? align.maxAge : Infinity
      if (command === undefined || stamp - command.stamp > maxAge) return undefined
      this.#present[i]!++
      return command.values
    })
    return found.every(values => values !== undefined)
      ? { channels: this.#commands.channels, values: found.flatMap(values => [...values]) }
      : undefined
  }
}
