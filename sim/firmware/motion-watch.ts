import { OBJ } from '../../drivers/robotiq-registers.js'
import type { FingerPlant } from './finger-plant.js'

/** m within which the fingers are at the requested position: two counts of the position byte. */
const AT_POSITION = 0.0007
/** m/s below which the fingers stand still. */
const STANDING = 0.002
/** N above which fingers that stand still are in contact. */
const CONTACT_FORCE = 1
/** ns for which the fingers must stand still: in contact, before it counts; without, before the motion is over. */
const CONTACT_TIME = 30e6
const SETTLE_TIME = 300e6
/** m of further motion after which a contact is lost. */
const LOST = 0.001

/** Determines gOBJ: whether fingers on their way to a position are moving, stopped by a contact, or have arrived. */
export class MotionWatch {
  /** gOBJ of the current motion. */
  object: number = OBJ.moving
  readonly #plant: FingerPlant
  #target = 0
  #closing = false
  #stoodSince = 0
  #stoodAt = 0

  constructor(plant: FingerPlant) {
    this.#plant = plant
  }

  /** Starts a motion to the opening `target` (m). */
  begin(target: number, timeNs: number): void {
    this.#target = target
    this.#closing = target < this.#plant.width()
    this.#stoodSince = timeNs
    this.object = OBJ.moving
  }

  /** Updates `object` for the fingers at `timeNs`. */
  step(timeNs: number): void {
    const width = this.#plant.width()
    const standing = Math.abs(this.#plant.velocity()) < STANDING
    if (!standing) this.#stoodSince = timeNs
    const stood = timeNs - this.#stoodSince
    if (Math.abs(width - this.#target) <= AT_POSITION) {
      if (standing) this.object = OBJ.atPosition
      return
    }
    if (this.object !== OBJ.moving) {
      if (!standing && Math.abs(width - this.#stoodAt) > LOST) this.object = OBJ.moving
      return
    }
    const contact = Math.abs(this.#plant.force()) > CONTACT_FORCE
    if (stood < (contact ? CONTACT_TIME : SETTLE_TIME)) return
    this.object = contact ? (this.#closing ? OBJ.closing : OBJ.opening) : OBJ.atPosition
    this.#stoodAt = width
  }
}
