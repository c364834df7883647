import type { ContactState } from './wrench-guard.js'

/** Greatest speed (m/s) at which the tool goes down in contact and after an over-force. */
const CONTACT_DOWN_SPEED = 0.05
/** The tool goes down slowly for this long after an over-force (ns). */
const OVER_FORCE_CAUTION = 2_000_000_000

/** Limits how fast the tool goes down while it touches something, and for 2 s after an over-force. Times in ns. */
export class ContactCaution {
  #overForceAt = -Infinity

  /** A new episode: no over-force is remembered. */
  reset(): void {
    this.#overForceAt = -Infinity
  }

  /** There is an over-force at `now`. */
  overForce(now: number): void {
    this.#overForceAt = now
  }

  /**
   * The greatest downward speed at `now`, m/s; Infinity where there is no such limit. While the fingers close, the
   * contact is their grip, so it sets no limit.
   */
  downSpeed(contact: ContactState, now: number, { closing }: { readonly closing: boolean }): number {
    const careful = (contact === 'contact' && !closing) || now - this.#overForceAt < OVER_FORCE_CAUTION
    return careful ? CONTACT_DOWN_SPEED : Infinity
  }
}
