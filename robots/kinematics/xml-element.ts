import sax from 'sax'
import { ModelError } from './robot-model.js'

/** An element of an XML document. Text and comments are left out. */
export interface XmlElement {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly XmlElement[]
}

/** The root of an XML text. Throws a ModelError of one line for what is no XML. */
export function parseXml(text: string): XmlElement {
  const open: { name: string; attributes: Record<string, string>; children: XmlElement[] }[] = []
  let root: XmlElement | undefined
  const reader = sax.parser(true)
  reader.onerror = error => {
    const [what = ''] = error.message.split('\n')
    throw new ModelError(`is not XML: line ${reader.line + 1}: ${what}`, { cause: error })
  }
  reader.onopentag = ({ name, attributes }) => {
    const element = { name, attributes: { ...(attributes as Record<string, string>) }, children: [] }
    if (open.length > 0) open.at(-1)?.children.push(element)
    else root = element
    open.push(element)
  }
  reader.onclosetag = () => void open.pop()
  reader.write(text).close()
  if (root === undefined) throw new ModelError('is not XML: it has no element')
  return root
}

/** The elements inside an element, of these names; without names: all. */
export const elements = (parent: XmlElement, ...names: readonly string[]): readonly XmlElement[] =>
  names.length === 0 ? parent.children : parent.children.filter(({ name }) => names.includes(name))

/** An attribute. Throws a ModelError where it is missing or empty. */
export function required(element: XmlElement, name: string): string {
  const value = element.attributes[name]
  if (value === undefined || value === '') throw new ModelError(`<${element.name}> has no ${name}`)
  return value
}

/**
 * The numbers of an attribute of what is called `what`. Undefined where it is missing. Throws a ModelError for what is
 * no number.
 */
export function numbers(
  what: string,
  attributes: Readonly<Record<string, string>>,
  name: string,
  count: number,
): readonly number[] | undefined {
  const text = attributes[name]
  if (text === undefined) return undefined
  const values = text.trim().split(/\s+/).map(Number)
  if (values.length !== count || !values.every(Number.isFinite))
    throw new ModelError(`${what}: ${name}="${text}" is not ${count === 1 ? 'a number' : `${count} numbers`}`)
  return values
}
