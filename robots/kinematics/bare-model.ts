import { ModelError } from './robot-model.js'
import { elements, parseXml, type XmlElement } from './xml-element.js'

/** What says where the links of an MJCF are: elements, and their attributes. Undefined: all attributes. */
const MJCF: Readonly<Record<string, readonly string[] | undefined>> = {
  compiler: ['angle', 'autolimits', 'coordinate', 'eulerseq'],
  default: ['class'],
  worldbody: [],
  body: ['name', 'pos', 'quat', 'axisangle', 'xyaxes', 'zaxis', 'euler', 'childclass'],
  frame: ['name', 'pos', 'quat', 'axisangle', 'xyaxes', 'zaxis', 'euler', 'childclass'],
  joint: ['name', 'class', 'type', 'pos', 'axis', 'range', 'limited', 'ref'],
  freejoint: ['name'],
  site: ['name', 'pos', 'quat', 'axisangle', 'xyaxes', 'zaxis', 'euler'],
}
/** The same of a URDF. */
const URDF: Readonly<Record<string, readonly string[] | undefined>> = {
  link: ['name'],
  joint: ['name', 'type'],
  origin: ['xyz', 'rpy'],
  parent: ['link'],
  child: ['link'],
  axis: ['xyz'],
  limit: undefined,
}

/** Links without a mass get one, since nothing is moved by forces. Links that do not move keep their names. */
const WITHOUT_MASS: XmlElement = {
  name: 'compiler',
  attributes: { boundmass: '1', boundinertia: '1', balanceinertia: 'true', fusestatic: 'false' },
  children: [],
}

/**
 * The links and joints of a URDF or MJCF alone, as MuJoCo reads them: without meshes, which may be elsewhere, and without
 * all else that does not say where the links are. `text` is one that `readModel` reads.
 */
export function bareModel(text: string): string {
  const root = parseXml(text)
  if (root.name === 'robot') {
    const mujoco = { name: 'mujoco', attributes: {}, children: [WITHOUT_MASS] }
    return written({ ...root, children: [mujoco, ...kept(root, URDF)] }, ['name'])
  }
  if (root.name === 'mujoco') return written({ ...root, children: [WITHOUT_MASS, ...kept(root, MJCF)] }, [])
  throw new ModelError(`is neither URDF nor MJCF: its root is <${root.name}>, not <robot> or <mujoco>`)
}

function kept(parent: XmlElement, keep: Readonly<Record<string, readonly string[] | undefined>>): XmlElement[] {
  return elements(parent)
    .filter(({ name }) => Object.hasOwn(keep, name))
    .filter(({ name }) => !(parent.name === 'default' && name === 'site'))
    .map(({ name, attributes, children }) => ({
      name,
      attributes: only(attributes, keep[name]),
      children: kept({ name, attributes, children }, keep),
    }))
}

const only = (
  attributes: Readonly<Record<string, string>>,
  names: readonly string[] | undefined,
): Record<string, string> =>
  Object.fromEntries(Object.entries(attributes).filter(([name]) => names?.includes(name) ?? true))

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escaped = (value: string): string => value.replace(/[&<>"]/g, each => ESCAPES[each] ?? each)

/** An element as XML, with these of its own attributes; without names: all. */
function written({ name, attributes, children }: XmlElement, names?: readonly string[]): string {
  const own = Object.entries(only(attributes, names)).map(([key, value]) => ` ${key}="${escaped(value)}"`)
  return `<${name}${own.join('')}>${children.map(child => written(child)).join('')}</${name}>`
}
