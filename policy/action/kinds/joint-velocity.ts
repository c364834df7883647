import { jointKind } from '../joint-kind.js'

/** How fast joints should move. The velocity of a row holds from the row before it on; after the last row it is 0. */
export const jointVelocity = jointKind({ value: 'velocity', units: ['rad/s', 'm/s'], between: 'held', offsets: false })
