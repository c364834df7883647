import { ARM, HAND } from './arm.js'

const [PIVOT_X, , PIVOT_Z] = ARM[5]?.anchor ?? [0, 0, 0]
/** The moving jaw's tip seen from its pivot, with the gripper joint at 0: along the hand, and towards the fixed jaw. */
const ALONG = HAND.tip - PIVOT_X
const ACROSS = PIVOT_Z - HAND.face
const REACH = Math.hypot(ALONG, ACROSS)
const LEAN = Math.atan2(ACROSS, ALONG)

/** Distance of the moving jaw's tip from the fixed jaw's face (m) at an angle of the gripper joint (rad). */
export const gapAt = (angle: number): number => REACH * Math.sin(angle - LEAN) + ACROSS

/** Angle of the gripper joint (rad) at which the gap is `gap` (m). */
export const angleFor = (gap: number): number => LEAN + Math.asin(Math.min(Math.max((gap - ACROSS) / REACH, -1), 1))
