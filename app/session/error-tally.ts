import { messageOf } from '../output/output.js'
import type { MachineLateness } from './machine-lateness.js'
import type { Output } from '../output/output.js'

/** Says each kind of fault once when it first appears, and goes on counting. */
export class ErrorTally {
  /** Where a fault is said while something is drawn on the terminal. */
  tell: ((line: string) => void) | undefined
  /** Tells the faults that the machine's own lateness explains. */
  lateness: Pick<MachineLateness, 'lineOf'> | undefined
  readonly #counts = new Map<string, number>()
  readonly #output: Output

  constructor(output: Output) {
    this.#output = output
  }

  add(error: unknown): void {
    const line = this.lateness?.lineOf(error) ?? messageOf(error)
    const count = (this.#counts.get(line) ?? 0) + 1
    this.#counts.set(line, count)
    if (count > 1) return
    if (this.tell) this.tell(`fault: ${line}`)
    else this.#output.progress(`fault: ${line}`)
  }
}
