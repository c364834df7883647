import type { CellBody } from './cell-model.js'

/**
 * Moves the drives' inertia into the bodies, because SDF has no armature. The inertia of a revolute drive is added to
 * its body about all axes, since the body only turns about the drive's own axis. The mass of a prismatic drive is added
 * to its body and taken from the parent body, so that the total weight and inertia stay the same.
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
