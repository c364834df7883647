import { ModelError, type Following, type ModelJoint, type RobotModel } from './robot-model.js'
import { elements, numbers, required, type XmlElement } from './xml-element.js'

/** The attributes of joints by the name of a default class. */
type Defaults = ReadonlyMap<string, Readonly<Record<string, string>>>

/** A body or a site. */
interface Link {
  readonly name: string
  readonly parent: string | undefined
  readonly joints: string[]
}

const MOTIONS: Readonly<Record<string, ModelJoint['motion']>> = {
  hinge: 'turns',
  slide: 'slides',
  ball: 'other',
  free: 'other',
}

/** The name of the outermost default class. MuJoCo lets no file rename it. */
const MAIN = 'main'

/**
 * Reads the root element of an MJCF: bodies and sites as links, and joints with the attributes of their default classes.
 * mujoco.readthedocs.io/en/stable/XMLreference.html has the rules. Throws a ModelError where the file includes others,
 * since those are not read.
 */
export function readMjcf(root: XmlElement): RobotModel {
  const degrees = !elements(root, 'compiler').some(({ attributes }) => attributes['angle'] === 'radian')
  const autolimits = !elements(root, 'compiler').some(({ attributes }) => attributes['autolimits'] === 'false')
  const defaults = new Map<string, Readonly<Record<string, string>>>([[MAIN, {}]])
  for (const top of elements(root, 'default')) readDefaults(top, MAIN, defaults.get(MAIN) ?? {}, defaults)
  const links = new Map<string, Link>()
  const joints = new Map<string, ModelJoint>()
  /** The positions of the joints as the model stands. */
  const refs = new Map<string, number>()
  let unnamed = 0

  const addBody = (name: string, parent: string | undefined): Link => {
    const link = { name, parent, joints: [] }
    links.set(name, link)
    return link
  }
  const addJoint = (element: XmlElement, link: Link, outerClass: string): void => {
    const name = element.attributes['name'] ?? `joint ${++unnamed} without a name`
    if (joints.has(name)) throw new ModelError(`has two joints '${name}'`)
    const attributes = element.name === 'freejoint' ? element.attributes : attributesOf(element, outerClass, defaults)
    link.joints.push(name)
    joints.set(name, jointOf(element, name, attributes, { degrees, autolimits }))
    refs.set(name, refOf(name, attributes, degrees))
  }
  const walk = (element: XmlElement, link: Link, outerClass: string): void => {
    for (const child of elements(element)) {
      const { name, childclass = outerClass, file = '' } = child.attributes
      if (child.name === 'include') throw includes(file)
      if (child.name === 'body') walk(child, addBody(name ?? `body ${++unnamed} without a name`, link.name), childclass)
      if (child.name === 'frame') walk(child, link, childclass)
      if (child.name === 'joint' || child.name === 'freejoint') addJoint(child, link, outerClass)
      // A body and a site may have one name. The body is meant then, since only a body has joints.
      if (child.name === 'site' && name !== undefined && !links.has(name))
        links.set(name, { name, parent: link.name, joints: [] })
    }
  }
  const [include] = elements(root, 'include')
  if (include) throw includes(include.attributes['file'] ?? '')
  const world = addBody('world', undefined)
  for (const body of elements(root, 'worldbody')) walk(body, world, MAIN)
  for (const [name, follows] of followings(root, refs)) {
    const joint = joints.get(name)
    if (joint === undefined) throw new ModelError(`has an equality of the joint '${name}', which it does not have`)
    joints.set(name, { ...joint, follows })
  }
  return { format: 'MJCF', links, joints }
}

const includes = (file: string): ModelError =>
  new ModelError(`includes '${file}', which is not read: write both into one file`)

/** A class has the attributes of the class around it, and its own before them. */
function readDefaults(
  element: XmlElement,
  name: string,
  outer: Readonly<Record<string, string>>,
  into: Map<string, Readonly<Record<string, string>>>,
): void {
  const own = { ...outer, ...elements(element, 'joint')[0]?.attributes }
  into.set(name, own)
  for (const inner of elements(element, 'default')) readDefaults(inner, required(inner, 'class'), own, into)
}

function attributesOf(joint: XmlElement, outerClass: string, defaults: Defaults): Readonly<Record<string, string>> {
  const name = joint.attributes['class'] ?? outerClass
  const of = defaults.get(name)
  if (of === undefined) throw new ModelError(`has no default class '${name}'`)
  return { ...of, ...joint.attributes }
}

interface Rules {
  readonly degrees: boolean
  readonly autolimits: boolean
}

/** A range counts where `limited` is true, or where it is left out and the compiler finds limits by itself. */
function jointOf(
  element: XmlElement,
  name: string,
  attributes: Readonly<Record<string, string>>,
  { degrees, autolimits }: Rules,
): ModelJoint {
  const type = element.name === 'freejoint' ? 'free' : (attributes['type'] ?? 'hinge')
  const motion = MOTIONS[type]
  if (motion === undefined) throw new ModelError(`joint '${name}': '${type}' is not a type of joint of MJCF`)
  const counts = (key: string): boolean => attributes[key] === 'true' || (attributes[key] !== 'false' && autolimits)
  const range = numbers(`joint '${name}'`, attributes, 'range', 2)
  const scale = motion === 'turns' && degrees ? Math.PI / 180 : 1
  const force = numbers(`joint '${name}'`, attributes, 'actuatorfrcrange', 2)
  return {
    name,
    motion,
    range: counts('limited') && range && motion !== 'other' ? [range[0]! * scale, range[1]! * scale] : undefined,
    velocity: undefined,
    effort: force && counts('actuatorfrclimited') ? Math.max(...force.map(Math.abs)) : undefined,
    follows: undefined,
  }
}

/** Where a joint is as the model stands, rad or m. */
function refOf(name: string, attributes: Readonly<Record<string, string>>, degrees: boolean): number {
  const [ref = 0] = numbers(`joint '${name}'`, attributes, 'ref', 1) ?? []
  return degrees && (attributes['type'] ?? 'hinge') === 'hinge' ? (ref * Math.PI) / 180 : ref
}

/** MuJoCo's `polycoef` where it is left out: the joints move alike. */
const ALIKE = [0, 1, 0, 0, 0]

/**
 * Which joints follow, by the equalities of joints: joint1 follows joint2, and stays where it is without one. Both count
 * from where they are as the model stands.
 */
function followings(root: XmlElement, refs: ReadonlyMap<string, number>): ReadonlyMap<string, Following> {
  const all = new Map<string, Following>()
  for (const equality of elements(root, 'equality').flatMap(each => elements(each, 'joint'))) {
    const { attributes } = equality
    if (attributes['active'] === 'false') continue
    const name = required(equality, 'joint1')
    if (all.has(name)) throw new ModelError(`has two equalities of the joint '${name}'`)
    const leader = attributes['joint2']
    const given = (attributes['polycoef'] ?? '').trim()
    const count = given === '' ? 0 : given.split(/\s+/).length
    const read = count === 0 ? [] : (numbers(`equality of '${name}'`, attributes, 'polycoef', Math.min(count, 5)) ?? [])
    all.set(name, {
      leader,
      coefficients: ALIKE.map((value, i) => read[i] ?? value),
      at: refs.get(name) ?? 0,
      from: leader === undefined ? 0 : (refs.get(leader) ?? 0),
    })
  }
  return all
}
