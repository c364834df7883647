/**
 * Keeps a sample of a sequence of unknown length: its first item, its last, and between `most` / 2 and `most` items
 * that are evenly spread.
 */
export class EvenSample<T> {
  readonly #most: number
  #items: T[] = []
  #last: T | undefined
  #stride = 1
  #seen = 0

  constructor(most: number) {
    this.#most = most
  }

  add(item: T): void {
    this.#last = item
    if (this.#seen++ % this.#stride !== 0) return
    this.#items.push(item)
    if (this.#items.length < this.#most) return
    this.#items = this.#items.filter((_, i) => i % 2 === 0)
    this.#stride *= 2
  }

  clear(): void {
    this.#items = []
    this.#last = undefined
    this.#stride = 1
    this.#seen = 0
  }

  /** `count` items in their order, with the first and the last. All items where there are no more. */
  pick(count: number): T[] {
    const items =
      this.#last === undefined || this.#items.at(-1) === this.#last ? this.#items : [...this.#items, this.#last]
    if (items.length <= count) return [...items]
    return Array.from({ length: count }, (_, i) => items[Math.round((i * (items.length - 1)) / (count - 1))]!)
  }
}
