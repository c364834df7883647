import type { ActionClient } from './action-client.js'
import type { BusGraph } from './bus-graph.js'
import type { MessageTypes, TypeName } from './messages.js'

/** Ends a subscription, a timer or a service. A second call has no effect. */
export interface Disposable {
  dispose(): void
}

/** Called once for each message, in publication order. `receive`: bus time of arrival, ns since the run's epoch. */
export type Listener<T> = (message: T, receive: number) => void

export interface Publisher<T> extends Disposable {
  publish(message: T): void
}

/**
 * The time of a bus: real time, simulated time or a recording's time. `now()` never goes back while a bus is open,
 * except for a time jump that is reported.
 */
export interface Clock {
  /** Whole nanoseconds since the run's epoch. */
  now(): number
  /** Calls back once, as soon as `now()` has reached `stamp`. */
  at(stamp: number, callback: () => void): Disposable
  /** Calls back every `period` ns, the first time after one period. A call that was missed is not made up for. */
  every(period: number, callback: () => void): Disposable
}

/** Who is on a topic. */
export interface TopicInfo {
  topic: string
  type: string
  publishers: number
  subscribers: number
}

/**
 * The interface of every transport. A backend is one file that makes a Bus, and one line in `registry.ts`.
 *
 * A node calls `work` to tell the bus that a result is still being computed (an inference, a serial transaction).
 * Real-time backends ignore it. A lockstep bus does not advance time past the `due` of unfinished work, so the same
 * seed always gives the same result.
 */
export interface Bus {
  readonly clock: Clock
  advertise<T extends TypeName>(topic: string, type: T): Publisher<MessageTypes[T]>
  subscribe<T extends TypeName>(topic: string, type: T, listener: Listener<MessageTypes[T]>): Disposable
  topics(): TopicInfo[]
  /** The other processes on this bus. Left out: this process alone uses it. */
  readonly graph?: BusGraph
  /** A client of a ROS action. Left out: this transport has no actions. Throws BusError ACTION where the type is not known. */
  action?(name: string, type: string): ActionClient
  /**
   * Registers unfinished work. With `due` (bus time, ns), time may advance up to, but not past, `due` before it is
   * finished.
   */
  work(promise: Promise<unknown>, due?: number): void
  close(): Promise<void>
}
