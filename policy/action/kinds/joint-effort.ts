import { jointKind } from '../joint-kind.js'

/** The torques (N m) of joints, or the forces (N) of those that slide. The value of a row holds from the row before it on; after the last row it is 0. */
export const jointEffort = jointKind({ value: 'effort', units: ['N m', 'N'], between: 'held', offsets: false })
