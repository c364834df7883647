import { OBJ } from '../../drivers/robotiq-registers.js'
import type { FingerPlant } from './finger-plant.js'

/** m within which the fingers are at the requested position (two counts of the position's byte). */
const AT_POSITION = 0.0007
/** m/s under which they stand. */
const STANDING = 0.002
/** N over which standing fingers are in contact. */
const CONTACT_FORCE = 1
/** ns that they stand before a contact counts; without a contact, before they are as near as they come. */
const CONTACT_TIME = 30e6
const SETTLE_TIME = 300e6
/** m that they move on before a contact counts as lost. */
const LOST = 0.001

/** Tells, as gOBJ does, whether fingers on their way to a position move, stopped on a contact, or are there. */
export class MotionWatch {
  /** gOBJ of the motion that `begin` started. */
  object: number = OBJ.moving
  readonly #plant: FingerPlant
  #target = 0
  #closing = false
  #stoodSince = 0
  #stoodAt = 0

  constructor(plant: FingerPlant) {
    this.#plant = plant
  }

  begin(target: number, timeNs: number): void {
    this.#target = target
    this.#closing = target < this.#plant.width()
    this.#stoodSince = timeNs
    this.object = OBJ.moving
  }

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
