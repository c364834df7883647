/** A source of samples with one listener, in the form that the nodes take. */
export interface Source<T> {
  listener: T | undefined
  start(listener: T): void
  stop(): void
}

/** Makes a source without a listener. */
export function source<T>(): Source<T> {
  return {
    listener: undefined,
    start(listener) {
      this.listener = listener
    },
    stop() {
      this.listener = undefined
    },
  }
}
