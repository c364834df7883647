import type { CellBody } from './cell-model.js'

/**
 * SDF knows no armature: the drives' inertia goes into the bodies. A turning drive's goes to its body, about every
 * axis, which only turns about its own. A pushing drive's mass moves with its body and is taken from the parent's, so
 * that the whole weighs and resists the same.
 */
export function withDrives(bodies: readonly CellBody[]): CellBody[] {
  const pushing = bodies.filter(({ joint }) => joint?.type === 'prismatic')
  return bodies.map(body => {
    const {
      joint,
      mass,
      inertia: [x, y, z],
    } = body
    const turned = joint?.type === 'revolute' ? joint.armature : 0
    const added = joint?.type === 'prismatic' ? joint.armature : 0
    const given = pushing
      .filter(({ parent }) => parent === body.name)
      .reduce((sum, child) => sum + (child.joint?.armature ?? 0), 0)
    return { ...body, mass: mass + added - given, inertia: [x + turned, y + turned, z + turned] }
  })
}
