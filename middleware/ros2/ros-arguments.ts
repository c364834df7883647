import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { ParameterError } from '../parameter-error.js'

/** Where a node is: its name and its namespace, as `__node` and `__ns` remap them. */
export interface NodeName {
  readonly name: string
  readonly namespace: string
}

/** The name that `--ros-args -r __node:=NAME -r __ns:=NAMESPACE` gives a node. */
export function nodeName(argv: readonly string[], fallback: string): NodeName {
  let name = fallback
  let namespace = '/'
  for (const rule of valuesOf(argv, ['-r', '--remap'])) {
    const [, scope, key, value] = /^(?:([^:/]+):)?(__node|__name|__ns):=(.*)$/.exec(rule) ?? []
    if (key === undefined || (scope !== undefined && scope !== fallback)) continue
    if (key === '__ns') namespace = value
    else name = value
  }
  return { name, namespace }
}

/**
 * Parameters given to a node by `-p NAME:=VALUE`, `-p NODE:NAME:=VALUE` and `--params-file FILE`: the later one wins. Integers are
 * BigInt. A file's section counts when its name matches the node's whole name, with `*` for one part and `**` for any number; rclnodejs
 * itself compares the last part only, and so overlooks what launch files write. Throws ParameterError for a file that cannot be read.
 */
export function parameterOverrides(argv: readonly string[], node: NodeName): Map<string, unknown> {
  const overrides = new Map<string, unknown>()
  const whole = `${node.namespace === '/' ? '' : node.namespace}/${node.name}`
  for (const [flag, value] of pairsOf(argv, ['-p', '--param', '--params-file'])) {
    if (flag === '--params-file') {
      for (const [section, content] of Object.entries(read(value))) {
        if (matches(section, whole)) flatten('', (content as { ros__parameters?: unknown } | null)?.ros__parameters, overrides)
      }
      continue
    }
    const [, scope, name, text] = /^(?:([^:]+):)?([^:]+):=(.*)$/s.exec(value) ?? []
    if (name !== undefined && (scope === undefined || scope === node.name)) overrides.set(name, scalar(text))
  }
  return overrides
}

/** Whether a section's name (`/arm/control`, `control`, `/**`, `/arm/*`) means the node of that whole name. */
export function matches(section: string, whole: string): boolean {
  const pattern = section.startsWith('/') ? section : `/${section}`
  const expression = pattern.split('/').slice(1).map(part => part === '**' ? '(?:/[^/]+)*' : `/${part.split('*').map(escape).join('[^/]*')}`).join('')
  return new RegExp(`^${expression}$`).test(whole)
}

const escape = (text: string): string => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&')

/** A value in rcl's YAML, or the text itself where it is none. */
function scalar(text: string): unknown {
  try {
    const value: unknown = parse(text, { intAsBigInt: true, version: '1.1' })
    return value === null || (typeof value === 'object' && !Array.isArray(value)) ? text : value
  } catch {
    return text
  }
}

function read(path: string): object {
  let content: unknown
  try {
    content = parse(readFileSync(path, 'utf8'), { intAsBigInt: true, version: '1.1' })
  } catch (error) {
    throw new ParameterError('PARAMETER_FILE', `--params-file ${path}: cannot be read: ${(error as Error).message.split('\n')[0]}`)
  }
  if (content === null || typeof content !== 'object') throw new ParameterError('PARAMETER_FILE', `--params-file ${path}: expected sections with ros__parameters, found none`)
  return content
}

function flatten(prefix: string, content: unknown, into: Map<string, unknown>): void {
  if (content === null || content === undefined) return
  if (typeof content !== 'object' || Array.isArray(content)) {
    if (prefix !== '') into.set(prefix, content)
    return
  }
  for (const [key, value] of Object.entries(content)) flatten(prefix === '' ? key : `${prefix}.${key}`, value, into)
}

function valuesOf(argv: readonly string[], flags: readonly string[]): string[] {
  return pairsOf(argv, flags).map(([, value]) => value)
}

/** Flags with the argument that follows each, between `--ros-args` and `--` or the end, in order. */
function pairsOf(argv: readonly string[], flags: readonly string[]): [string, string][] {
  const pairs: [string, string][] = []
  let inside = false
  for (let i = 0; i < argv.length; i++) {
    if (argv[i] === '--ros-args') inside = true
    else if (argv[i] === '--') inside = false
    else if (inside && flags.includes(argv[i]) && i + 1 < argv.length) pairs.push([argv[i], argv[++i]])
  }
  return pairs
}
