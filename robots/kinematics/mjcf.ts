import { ModelError, type ModelJoint, type RobotModel } from './robot-model.js'
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
  const followers = new Set(
    elements(root, 'equality').flatMap(each =>
      elements(each, 'joint').flatMap(({ attributes }) => attributes['joint1'] ?? []),
    ),
  )
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
    joints.set(name, jointOf(element, name, attributes, { degrees, autolimits, followers }))
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
  readonly followers: ReadonlySet<string>
}

/** A range counts where `limited` is true, or where it is left out and the compiler finds limits by itself. */
function jointOf(
  element: XmlElement,
  name: string,
  attributes: Readonly<Record<string, string>>,
  { degrees, autolimits, followers }: Rules,
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
    follows: followers.has(name),
  }
}
