import { isMap, isPair, LineCounter, parseDocument, type Document } from 'yaml'
import type { z } from 'zod'
import { short, validate } from './validation.js'
import type { Fail, Path } from './fields.js'
import { driverIn } from './gripper.js'
import { resolveRobot } from './resolve.js'
import { RobotError } from './robot-error.js'
import type { Robot } from './robot.js'
import { robotSchema } from './schema.js'
import { ROOT } from './topic-name.js'

/**
 * Reads the text of a robot file. `where` names it in messages (a path). Streams come out in the order of MODALITIES
 * and, within one,
 * of their names, so that the order of keys in the file means nothing. `namespace` (absolute) is where relative topics
 * lie, unless the file
 * says so itself. Throws a RobotError of one line:
 * `where:line: key.path: what is wrong; what to do`.
 */
export function parseRobot(text: string, where: string, namespace = ROOT): Robot {
  const lines = new LineCounter()
  const document = readYaml(text, where, lines)
  const at = (offset: number | undefined): string =>
    offset === undefined ? where : `${where}:${lines.linePos(offset).line}`

  const [syntax] = [...document.errors, ...document.warnings]
  if (syntax) {
    throw new RobotError('ROBOT_SYNTAX', `${at(syntax.pos[0])}: not YAML: ${syntax.message.split('\n')[0]}`, {
      cause: syntax,
    })
  }
  if (!isMap(document.contents)) {
    throw new RobotError('ROBOT_SYNTAX', `${where}: not a robot file: expected a map with robot, tick and streams`)
  }

  const fail: Fail = (code, path, message) => {
    const key = path.map(step => short(String(step))).join('.')
    throw new RobotError(code, oneLine(`${at(offsetOf(document, path))}: ${key === '' ? '' : `${key}: `}${message}`))
  }
  const file = toPlain(document, where)
  const { data, issues } = validate(robotSchema(driverIn(file)), file)
  if (issues) {
    const [first, ...more] = issues.map(problemOf)
    if (first === undefined) throw new TypeError('a refusal without an issue')
    return fail(first.code, first.path, `${first.message}${more.length > 0 ? ` (and ${more.length} more)` : ''}`)
  }
  return resolveRobot(data, fail, namespace)
}

/** Characters of a robot file: the shipped ones have some thousand. */
const LONGEST = 1 << 18

function readYaml(text: string, where: string, lineCounter: LineCounter): Document {
  if (text.length > LONGEST)
    throw new RobotError(
      'ROBOT_SYNTAX',
      `${where}: not a robot file: ${text.length} characters, at most ${LONGEST} are read`,
    )
  try {
    return parseDocument(text, { lineCounter, prettyErrors: false, strict: true, uniqueKeys: true, logLevel: 'error' })
  } catch (error) {
    // Lists in lists without an end take the stack.
    throw new RobotError(
      'ROBOT_SYNTAX',
      `${where}: not YAML: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    )
  }
}

function toPlain(document: Document, where: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    throw new RobotError(
      'ROBOT_SYNTAX',
      `${where}: not YAML: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    )
  }
}

/** What the file says is quoted in messages: without control characters, and not at any length. */
function oneLine(message: string): string {
  const line = message.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
  return line.length > 500 ? `${line.slice(0, 500)}…` : line
}

/** The offset of the key that a path leads to, or of the nearest key above it that the file has. */
function offsetOf(document: Document, path: Path): number | undefined {
  let node: unknown = document.contents
  let offset: number | undefined
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(item => isPair(item) && String(item.key) === String(step))
      if (!pair) break
      offset = startOf(pair.key) ?? offset
      node = pair.value
    } else {
      node = document.getIn(path.slice(0, path.indexOf(step) + 1), true)
      offset = startOf(node) ?? offset
    }
  }
  return offset
}

function startOf(node: unknown): number | undefined {
  const range = (node as { readonly range?: readonly number[] | null } | null | undefined)?.range
  return range?.[0]
}

function problemOf(issue: z.core.$ZodIssue): { code: Parameters<Fail>[0]; path: Path; message: string } {
  if (issue.code === 'unrecognized_keys') {
    return { code: 'ROBOT_UNKNOWN_KEY', path: [...issue.path, ...issue.keys.slice(0, 1)], message: issue.message }
  }
  if (issue.code === 'invalid_union') {
    const branch =
      issue.errors.find(issues => issues.every(inner => inner.path.length > 0 || inner.code === 'unrecognized_keys')) ??
      issue.errors.find(issues => issues.some(inner => inner.code === 'invalid_value'))
    const inner = branch?.[0]
    if (inner) return problemOf({ ...inner, path: [...issue.path, ...inner.path] })
  }
  if (issue.code === 'invalid_key') {
    const inner = issue.issues[0]
    return { code: 'ROBOT_INVALID', path: issue.path, message: inner?.message ?? issue.message }
  }
  const isUnit = issue.code === 'custom' && issue.params?.['unit'] === true
  return { code: isUnit ? 'ROBOT_UNIT' : 'ROBOT_INVALID', path: issue.path, message: issue.message }
}
