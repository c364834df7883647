/** A source with one listener, as the nodes take it. */
export function source<T>(): { listener: T | undefined; start(listener: T): void; stop(): void } {
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
