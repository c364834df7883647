/** A sample that will be delivered at `receive`, ns since the run's epoch. */
interface Sample {
  readonly receive: number
  deliver(): void
}

/** Samples of several sensors on their way to the receiver. Each sensor has a queue of its own, in receive order. */
export class SampleQueues {
  readonly #queues: readonly Sample[][]

  /** `sensors`: number of queues. */
  constructor(sensors: number) {
    this.#queues = Array.from({ length: sensors }, () => [])
  }

  /** Adds a sample of a sensor; `receive`: when it will be received. */
  add(sensor: number, receive: number, deliver: (receive: number) => void): void {
    this.#queues[sensor]?.push({ receive, deliver: () => deliver(receive) })
  }

  /** Drops all samples. */
  clear(): void {
    for (const queue of this.#queues) queue.length = 0
  }

  /** Delivers all samples that are received by `until`, in receive order. `onReceive` is called before each one. */
  deliver(until: number, onReceive: (receive: number) => void): void {
    for (;;) {
      let first: Sample[] | undefined
      for (const queue of this.#queues)
        if (queue[0] !== undefined && (first?.[0] === undefined || queue[0].receive < first[0].receive)) first = queue
      const sample = first?.[0]
      if (first === undefined || sample === undefined || sample.receive > until) return
      first.shift()
      onReceive(sample.receive)
      sample.deliver()
    }
  }
}
