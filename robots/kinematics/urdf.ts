import { ModelError, type Following, type ModelJoint, type RobotModel } from './robot-model.js'
import { elements, numbers, required, type XmlElement } from './xml-element.js'

const MOTIONS: Readonly<Record<string, ModelJoint['motion']>> = {
  revolute: 'turns',
  continuous: 'turns',
  prismatic: 'slides',
  floating: 'other',
  planar: 'other',
}

/** Reads the root element of a URDF. Formats: wiki.ros.org/urdf/XML. */
export function readUrdf(root: XmlElement): RobotModel {
  if (elements(root).some(({ name }) => name.startsWith('xacro:')))
    throw new ModelError('is xacro, not URDF: write it out first (xacro FILE > FILE.urdf)')
  const links = new Map<string, { parent: string | undefined; joints: string[] }>()
  for (const link of elements(root, 'link')) {
    const name = required(link, 'name')
    if (links.has(name)) throw new ModelError(`has two links '${name}'`)
    links.set(name, { parent: undefined, joints: [] })
  }
  const joints = new Map<string, ModelJoint>()
  for (const element of elements(root, 'joint')) {
    const name = required(element, 'name')
    if (joints.has(name)) throw new ModelError(`has two joints '${name}'`)
    const [parent, child] = [linkOf(element, 'parent'), linkOf(element, 'child')]
    const below = links.get(child)
    for (const end of [parent, child])
      if (!links.has(end)) throw new ModelError(`joint '${name}' is at the link '${end}', which the file does not have`)
    if (below?.parent !== undefined) throw new ModelError(`link '${child}' is the child of two joints`)
    const type = required(element, 'type')
    const motion = MOTIONS[type]
    if (motion === undefined && type !== 'fixed')
      throw new ModelError(`joint '${name}': '${type}' is not a type of joint of URDF`)
    links.set(child, { parent, joints: motion === undefined ? [] : [name] })
    if (motion !== undefined) joints.set(name, jointOf(element, name, motion, type !== 'continuous'))
  }
  return { format: 'URDF', links, joints }
}

function linkOf(joint: XmlElement, end: 'parent' | 'child'): string {
  const [element] = elements(joint, end)
  if (element === undefined) throw new ModelError(`joint '${joint.attributes['name'] ?? ''}' has no <${end}>`)
  return required(element, 'link')
}

/** `lower` and `upper` are 0 where <limit> leaves them out, as URDF says. */
function jointOf(element: XmlElement, name: string, motion: ModelJoint['motion'], hasEnds: boolean): ModelJoint {
  const [limit] = elements(element, 'limit')
  const value = (key: string): number | undefined => limit && numbers(`joint '${name}'`, limit.attributes, key, 1)?.[0]
  return {
    name,
    motion,
    range: hasEnds && limit && motion !== 'other' ? [value('lower') ?? 0, value('upper') ?? 0] : undefined,
    velocity: value('velocity'),
    effort: value('effort'),
    follows: mimicOf(element, name),
  }
}

/** `multiplier` is 1 and `offset` 0 where <mimic> leaves them out, as URDF says. */
function mimicOf(element: XmlElement, name: string): Following | undefined {
  const [mimic] = elements(element, 'mimic')
  if (!mimic) return undefined
  const value = (key: string): number | undefined => numbers(`joint '${name}'`, mimic.attributes, key, 1)?.[0]
  return {
    leader: required(mimic, 'joint'),
    coefficients: [value('offset') ?? 0, value('multiplier') ?? 1],
    at: 0,
    from: 0,
  }
}
