import type { MessageTypes, TypeName } from './messages.js'

/** Ends what was begun: a subscription, a timer, a service. Ending twice is allowed. */
export interface Disposable {
  dispose(): void
}

/** Called once per message, in publication order. `receive` is the bus time of arrival (ns since the run's epoch). */
export type Listener<T> = (message: T, receive: number) => void

export interface Publisher<T> extends Disposable {
  publish(message: T): void
}

/**
 * The time of a bus: real time, simulated time or a recording's time. `now()` never goes back while a bus is open,
 * except by a reported time jump.
 */
export interface Clock {
  /** Whole nanoseconds since the run's epoch. */
  now(): number
  /** Calls back once, when `now()` has reached `stamp`. */
  at(stamp: number, callback: () => void): Disposable
  /** Calls back every `period` ns, first one period from now. Missed beats are skipped, not made up. */
  every(period: number, callback: () => void): Disposable
}

export interface TopicInfo {
  topic: string
  type: string
  publishers: number
  subscribers: number
}

/**
 * One contract for every transport. A backend is one file that makes a Bus; `registry.ts` names it.
 *
 * `work` lets a node tell the bus that an answer is on its way (an inference, a serial transaction). Real-time backends
 * ignore it. A lockstep bus does not advance time while work with `due <= now` is unfinished, which is what makes one
 * seed give one result.
 */
export interface Bus {
  readonly clock: Clock
  advertise<T extends TypeName>(topic: string, type: T): Publisher<MessageTypes[T]>
  subscribe<T extends TypeName>(topic: string, type: T, listener: Listener<MessageTypes[T]>): Disposable
  topics(): TopicInfo[]
  /**
   * Registers unfinished work. With `due` (bus time, ns), time may advance up to, but not past, `due` before it is
   * finished.
   */
  work(promise: Promise<unknown>, due?: number): void
  close(): Promise<void>
}
