import { isAlias, isMap, isScalar, isSeq, parseAllDocuments, Scalar } from 'yaml'
import { ParameterError } from '../parameter-error.js'
import { LARGEST_TEXT, readTextSync } from '../regular-file.js'

/** A node's name and namespace, after remapping by `__node` and `__ns`. */
export interface NodeName {
  readonly name: string
  readonly namespace: string
}

/**
 * The name that `--ros-args -r __node:=NAME -r __ns:=NAMESPACE` gives a node. As in rcl the first of several rules
 * counts.
 */
export function nodeName(argv: readonly string[], fallback: string): NodeName {
  let name: string | undefined
  let namespace: string | undefined
  for (const [, rule] of pairsOf(argv, ['-r', '--remap'])) {
    const [, scope, key, value] = /^(?:([^:/]+):)?(__node|__name|__ns):=(.*)$/.exec(rule) ?? []
    if (key === undefined || (scope !== undefined && scope !== fallback)) continue
    if (key === '__ns') namespace ??= value
    else name ??= value
  }
  return { name: name ?? fallback, namespace: namespace ?? '/' }
}

/** Keeps all scalars as text, and accepts what libyaml accepts. */
const YAML = { schema: 'failsafe', version: '1.1', uniqueKeys: false, strict: false } as const
const PARAMETER_FLAGS = ['-p', '--param', '--params-file']

/** `argv` without the arguments that `parameterOverrides` reads. */
export function withoutParameters(argv: readonly string[]): string[] {
  const rest: string[] = []
  walk(
    argv,
    PARAMETER_FLAGS,
    () => undefined,
    argument => rest.push(argument),
  )
  return rest
}

/**
 * Parameters that are given to a node by `-p NAME:=VALUE`, `-p NODE:NAME:=VALUE` and `--params-file FILE`. They are
 * read as rcl reads them, including what counts as a number, with these additions:
 * - Integers are BigInt. An empty list is a value. A list may mix integers and doubles, which rcl refuses.
 * - Sections count in the order of their first appearance; within a section the later value wins. A `-p` without a node
 *   belongs to the section `/**`.
 * - A section's name is the node's full name, with `*` for one part of it and `**` for any number of parts. rclnodejs
 *   compares the last part only, so it would take the parameters of another namespace.
 *
 * Throws ParameterError for a file or a rule that cannot be read.
 */
export function parameterOverrides(argv: readonly string[], node: NodeName): Map<string, unknown> {
  const sections = new Map<string, Map<string, unknown>>()
  const section = (name: string): Map<string, unknown> => {
    const values = sections.get(name) ?? new Map<string, unknown>()
    sections.set(name, values)
    return values
  }
  for (const [flag, value] of pairsOf(argv, PARAMETER_FLAGS)) {
    if (flag === '--params-file') {
      readFile(value, section)
      continue
    }
    const [, scope, name, text = ''] = /^(?:([^:]+):)?([^:]+):=(.*)$/s.exec(value) ?? []
    if (name === undefined)
      throw new ParameterError('PARAMETER_FILE', `${flag} ${value}: expected NAME:=VALUE or NODE:NAME:=VALUE`)
    section(scope ?? '/**').set(name, ruleValue(text))
  }
  const whole = `${node.namespace === '/' ? '' : node.namespace}/${node.name}`
  const overrides = new Map<string, unknown>()
  for (const [name, values] of sections)
    if (matches(name, whole)) for (const [parameter, value] of values) overrides.set(parameter, value)
  return overrides
}

/** Whether a section's name (`/arm/control`, `control`, `/**`, `/arm/*`) matches the node's full name. */
export function matches(section: string, whole: string): boolean {
  const parts = absolute(section).split('/').slice(1)
  const expression = parts
    .map(part =>
      part === '**' ? '(?:/[^/]+)*' : part === '*' ? '/[^/]+' : `/${part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`,
    )
    .join('')
  return new RegExp(`^${expression}$`).test(whole)
}

const absolute = (name: string): string => (name.startsWith('/') ? name : `/${name}`)

/** The value of a `-p` rule; the text itself when it is not a YAML value. */
function ruleValue(text: string): unknown {
  const [document, ...others] = parseAllDocuments(text, YAML)
  if (document === undefined || others.length > 0 || document.errors.length > 0) return text
  const { contents } = document
  if (!isScalar(contents) && !isSeq(contents)) return text
  try {
    return valueOf(contents)
  } catch {
    return text
  }
}

/** Reads the sections of a parameter file. They may be nested by namespace. */
function readFile(path: string, section: (name: string) => Map<string, unknown>): void {
  const fail = (why: string): never => {
    throw new ParameterError('PARAMETER_FILE', `--params-file ${path}: cannot be read: ${why.split('\n')[0]}`)
  }
  let text: string
  try {
    text = readTextSync(path, LARGEST_TEXT)
  } catch (error) {
    return fail((error as Error).message)
  }
  for (const document of parseAllDocuments(text, YAML)) {
    if (document.errors.length > 0) fail(document.errors[0]!.message)
    try {
      if (document.contents !== null) readSections('', document.contents, section)
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
      fail(error.message)
    }
  }
}

function readSections(prefix: string, content: unknown, section: (name: string) => Map<string, unknown>): void {
  if (!isMap(content)) throw new TypeError(`${prefix || 'the file'}: expected sections with ros__parameters`)
  for (const { key, value } of content.items) {
    const name = String(key)
    if (name === 'ros__parameters') flatten('', value, section(prefix))
    else readSections(prefix === '' ? name : `${prefix}${absolute(name)}`, value, section)
  }
}

function flatten(prefix: string, content: unknown, into: Map<string, unknown>): void {
  if (isMap(content))
    for (const { key, value } of content.items)
      flatten(prefix === '' ? String(key) : `${prefix}.${String(key)}`, value, into)
  else if (prefix !== '') into.set(prefix, valueOf(content, prefix))
}

/** Throws TypeError for a node that cannot be the value of a parameter. */
function valueOf(node: unknown, name = 'a value'): unknown {
  if (isSeq(node))
    return node.items.map(item => (isScalar(item) ? valueOf(item, name) : refuse(`${name}: a list in a list`)))
  if (isAlias(node)) return refuse(`${name}: aliases are not supported`)
  if (!isScalar(node) || node.value === null) return refuse(`${name}: has no value`)
  const text = String(node.value)
  const quoted = node.type === Scalar.QUOTE_DOUBLE || node.type === Scalar.QUOTE_SINGLE
  if (quoted || node.tag === 'tag:yaml.org,2002:str') return text
  return text === '' && node.type === Scalar.PLAIN ? refuse(`${name}: has no value`) : plain(text)
}

function refuse(why: string): never {
  throw new TypeError(why)
}

const YES = new Set(['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'])
const NO = new Set(['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'])
const INTEGER = /^([+-]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)$/
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const HEXADECIMAL = /^([+-]?)0[xX](?=\.?[0-9a-fA-F])([0-9a-fA-F]*)\.?([0-9a-fA-F]*)(?:[pP]([+-]?\d+))?$/
const INFINITE = /^[+-]?(?:\.inf|\.Inf|\.INF|[iI][nN][fF](?:[iI][nN][iI][tT][yY])?)$/
/** The smallest positive number that C's strtod accepts without a range error. */
const SMALLEST = 2 ** -1022

/**
 * The value of an unquoted text, as in rcl: its words for true and false, an integer of C's strtol in 64 bits, a number
 * of strtod, otherwise the text.
 */
function plain(text: string): unknown {
  if (YES.has(text)) return true
  if (NO.has(text)) return false
  const [, sign, digits] = INTEGER.exec(text) ?? []
  if (digits !== undefined) {
    const size = BigInt(/^0[0-7]/.test(digits) ? `0o${digits.slice(1)}` : digits)
    const value = sign === '-' ? -size : size
    if (BigInt.asIntN(64, value) === value) return value
  }
  if (INFINITE.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  if (/^[+-]?nan$/i.test(text) || ['.nan', '.NaN', '.NAN'].includes(text)) return NaN
  const number = DECIMAL.test(text) ? Number(text) : hexadecimal(text)
  const lost =
    number === 0 ? /[1-9]/.test(text.split(/[eE]/)[0]!) : !(Math.abs(number) >= SMALLEST && Number.isFinite(number))
  return Number.isNaN(number) || lost ? text : number
}

function hexadecimal(text: string): number {
  const [, sign, whole, part = '', exponent = '0'] = HEXADECIMAL.exec(text) ?? []
  if (whole === undefined) return NaN
  return (sign === '-' ? -1 : 1) * Number(BigInt(`0x0${whole}${part}`)) * 2 ** (Number(exponent) - 4 * part.length)
}

/** The flags, each with the argument behind it, between `--ros-args` and `--` or the end, in order. */
function pairsOf(argv: readonly string[], flags: readonly string[]): [string, string][] {
  const pairs: [string, string][] = []
  walk(
    argv,
    flags,
    (flag, value) => pairs.push([flag, value]),
    () => undefined,
  )
  return pairs
}

function walk(
  argv: readonly string[],
  flags: readonly string[],
  take: (flag: string, value: string) => void,
  leave: (argument: string) => void,
): void {
  let inside = false
  for (let i = 0; i < argv.length; i++) {
    if (argv[i] === '--ros-args') inside = true
    else if (argv[i] === '--') inside = false
    if (!inside || !flags.includes(argv[i]!)) leave(argv[i]!)
    else if (i + 1 < argv.length) take(argv[i]!, argv[++i]!)
    else throw new ParameterError('PARAMETER_FILE', `${argv[i]}: nothing follows it`)
  }
}
