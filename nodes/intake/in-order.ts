/** Items that are made at the same time: as many as libuv's pool has threads. */
const AT_ONCE = 4
/** Pixels that are made at the same time, unless a single picture has more: four of 3840 x 2160. */
const MOST_PIXELS = 2 ** 25
/** Items with a picture that may wait. */
const MOST_PICTURES = 32
/** Items that may wait in all: some seconds of all small messages. */
const MOST = 4096

export interface InOrderOptions {
  /** Told of an item that failed in its turn. The next items go on. */
  readonly onError: (error: unknown) => void
  /** Whether the user has not yet used the results so far. While it is true nothing is begun, until `resume`. */
  readonly isBehind?: () => boolean
  /** Told when an item that waited has had its turn. */
  readonly onPassed?: () => void
}

interface Item {
  /** Receive time: bus time, ns. */
  readonly receive: number
  readonly picture: boolean
  readonly pixels: number
  readonly make: (() => Promise<() => void>) | undefined
  pass: (() => void) | undefined
}

/**
 * A queue that keeps the order of its items although some of them must first be made, such as a picture that must be
 * decoded. Several items are made at the same time. Each item has its turn after all items before it. Live sources must
 * ask `hasRoom` first and recordings `hasSlack`, so the memory is bounded.
 */
export class InOrder {
  readonly #options: InOrderOptions
  readonly #items: Item[] = []
  /** The items that must still be begun. */
  readonly #toMake: Item[] = []
  /** Items that were begun and have not had their turn. An item that is made and waits takes memory too. */
  #begun = 0
  #pixels = 0
  #pictures = 0
  #watchers: (() => void)[] = []

  constructor(options: InOrderOptions) {
    this.#options = options
  }

  /** Whether no item waits, so that the next message may pass at once. */
  get idle(): boolean {
    return this.#items.length === 0
  }

  /** Receive time of the first item; Infinity when none waits. */
  get since(): number {
    return this.#items.length === 0 ? Infinity : this.#items[0]!.receive
  }

  /** Whether one more item may wait. */
  hasRoom({ picture }: { readonly picture: boolean }): boolean {
    return this.#items.length < MOST && !(picture && this.#pictures >= MOST_PICTURES)
  }

  /** Adds an item: `pass` is called after all items before it. */
  add(receive: number, pass: () => void, { picture }: { readonly picture: boolean }): void {
    this.#items.push({ receive, picture, pixels: 0, make: undefined, pass })
    if (picture) this.#pictures++
    this.#pass()
  }

  /** Adds a picture of so many pixels. `make` is called as soon as it may; its result after all items before it. */
  make(receive: number, make: () => Promise<() => void>, { pixels }: { readonly pixels: number }): void {
    const item: Item = { receive, picture: true, pixels, make, pass: undefined }
    this.#items.push(item)
    this.#toMake.push(item)
    this.#pictures++
    this.#begin()
  }

  /** Resolves once no item waits. */
  async drained(): Promise<void> {
    while (!this.idle) await this.change()
  }

  /** Whether there is room for a picture and for many other items. A source that can wait does so until it is true. */
  get hasSlack(): boolean {
    return this.#items.length < MOST / 2 && this.#pictures < MOST_PICTURES
  }

  /** Resolves once there is slack. */
  async slack(): Promise<void> {
    while (!this.hasSlack) await this.change()
  }

  /** Resolves once an item has had its turn. */
  change(): Promise<void> {
    return new Promise(resolve => this.#watchers.push(resolve))
  }

  /** To be called when the results so far are used. */
  resume(): void {
    this.#begin()
  }

  #begin(): void {
    while (this.#begun < AT_ONCE && this.#options.isBehind?.() !== true) {
      const item = this.#toMake.at(0)
      if (!item?.make || (this.#begun > 0 && this.#pixels + item.pixels > MOST_PIXELS)) return
      this.#toMake.shift()
      this.#begun++
      this.#pixels += item.pixels
      item
        .make()
        .catch((error: unknown) => () => this.#options.onError(error))
        .then(pass => {
          item.pass = pass
          this.#pass()
        }, this.#options.onError)
    }
  }

  #pass(): void {
    let passed = false
    for (let pass = this.#items.at(0)?.pass; pass; pass = this.#items.at(0)?.pass) {
      const item = this.#items.shift()
      if (item?.picture) this.#pictures--
      if (item?.make) {
        this.#begun--
        this.#pixels -= item.pixels
      }
      passed = true
      try {
        pass()
      } catch (error) {
        this.#options.onError(error)
      }
    }
    if (!passed) return
    this.#begin()
    this.#options.onPassed?.()
    for (const watcher of this.#watchers.splice(0)) watcher()
  }
}
