import { jointKind } from '../joint-kind.js'

/** Where joints should be: rad, or m for a joint that slides. */
export const jointPosition = jointKind({ value: 'position', units: ['rad', 'm'], between: 'linear', offsets: true })
