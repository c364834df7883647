/** Things that are made at once: as many as libuv's pool has threads. */
const AT_ONCE = 4
/** Pixels that are made at once, if not of one: four of 3840 x 2160. */
const MOST_PIXELS = 2 ** 25
/** What may wait that holds a picture. */
const MOST_PICTURES = 32
/** What may wait in all: some seconds of every small message. */
const MOST = 4096

export interface InOrderOptions {
  /** Something failed when its turn had come; what came after it goes on. */
  readonly onError: (error: unknown) => void
  /** Whether what has been made is still to be used: until `resume` nothing more is begun. */
  readonly isBehind?: () => boolean
  /** Something that had waited has had its turn. */
  readonly onPassed?: () => void
}

interface Item {
  /** ns, bus time. */
  readonly receive: number
  readonly picture: boolean
  readonly pixels: number
  readonly make: (() => Promise<() => void>) | undefined
  pass: (() => void) | undefined
}

/**
 * Keeps the order in which things came, although some of them take a while to be made (a picture to be decoded):
 * several are made at once,
 * and each has its turn when all before it have had theirs. Whoever uses it asks for room (live) or slack (a recording)
 * first: so memory is bounded.
 */
export class InOrder {
  readonly #options: InOrderOptions
  readonly #items: Item[] = []
  /** Those of the items that are still to be begun. */
  readonly #toMake: Item[] = []
  /** Begun, and not yet passed: what is made and must wait takes memory too. */
  #begun = 0
  #pixels = 0
  #pictures = 0
  #watchers: (() => void)[] = []

  constructor(options: InOrderOptions) {
    this.#options = options
  }

  /** Nothing waits: what comes now may pass at once. */
  get idle(): boolean {
    return this.#items.length === 0
  }

  /** Receive time of what has waited longest; Infinity when nothing waits. */
  get since(): number {
    return this.#items.length === 0 ? Infinity : this.#items[0]!.receive
  }

  /** Whether one more may wait. */
  hasRoom({ picture }: { readonly picture: boolean }): boolean {
    return this.#items.length < MOST && !(picture && this.#pictures >= MOST_PICTURES)
  }

  /** `pass` has its turn after everything that came before. */
  add(receive: number, pass: () => void, { picture }: { readonly picture: boolean }): void {
    this.#items.push({ receive, picture, pixels: 0, make: undefined, pass })
    if (picture) this.#pictures++
    this.#pass()
  }

  /**
   * Begins to make a picture of so many pixels, when it can; what `make` resolves with has its turn after everything
   * that came before.
   */
  make(receive: number, make: () => Promise<() => void>, { pixels }: { readonly pixels: number }): void {
    const item: Item = { receive, picture: true, pixels, make, pass: undefined }
    this.#items.push(item)
    this.#toMake.push(item)
    this.#pictures++
    this.#begin()
  }

  /** Resolves once nothing waits. */
  async drained(): Promise<void> {
    while (!this.idle) await this.change()
  }

  /** Whether there is room for a picture and for much else: what a source that can wait goes by. */
  get hasSlack(): boolean {
    return this.#items.length < MOST / 2 && this.#pictures < MOST_PICTURES
  }

  /** Resolves once there is slack. */
  async slack(): Promise<void> {
    while (!this.hasSlack) await this.change()
  }

  /** Resolves once something has had its turn. */
  change(): Promise<void> {
    return new Promise(resolve => this.#watchers.push(resolve))
  }

  /** What has been made is used. */
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
