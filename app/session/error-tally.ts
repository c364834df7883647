import { messageOf } from '../../middleware/message-of.js'
import type { MachineLateness } from './machine-lateness.js'
import type { Output } from '../output/output.js'

/** Reports each kind of fault once, when it first appears, and counts the later ones. */
export class ErrorTally {
  /** Takes a fault's line while the live view is on the terminal. Undefined: the line goes to the output. */
  tell: ((line: string) => void) | undefined
  /** Recognises faults that come from the machine's own lateness. */
  lateness: Pick<MachineLateness, 'lineOf'> | undefined
  readonly #counts = new Map<string, number>()
  readonly #output: Pick<Output, 'progress'>

  constructor(output: Pick<Output, 'progress'>) {
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
