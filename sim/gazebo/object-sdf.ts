import type { CellBody } from './cell-model.js'
import { inertialSdf } from './inertial-sdf.js'
import { solidSdf } from './solid-sdf.js'
import { escape, indent, pose } from './text.js'

/** An object of the episode as an SDF model `name` in its place. */
export function objectSdf(body: CellBody, name: string): string {
  const solids = body.solids.map((solid, i) => solidSdf(solid, { name: `part${i}` }))
  return `
<model name="${escape(name)}">
  ${pose(body.pose)}
  <link name="link">${indent(inertialSdf(body), 4)}${indent(solids.join(''), 4)}
  </link>
</model>`
}

/**
 * Names of the objects' models, all different. They have only characters that a topic may have, so that the model can
 * be found from the name of a contact. "red cylinder" becomes red_cylinder.
 */
export function modelNames(objects: readonly string[]): string[] {
  const taken = new Set<string>()
  return objects.map(object => {
    const plain = object.replace(/[^A-Za-z0-9_-]/g, '_')
    let name = plain
    for (let n = 2; taken.has(name); n++) name = `${plain}_${n}`
    taken.add(name)
    return name
  })
}
