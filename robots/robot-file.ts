import { isMap, isPair, LineCounter, parseDocument, type Document } from 'yaml'
import type { z } from 'zod'
import { short, validate } from './validation.js'
import type { Fail, Path } from './fields.js'
import { resolveRobot } from './resolve.js'
import { RobotError } from './robot-error.js'
import type { Robot } from './robot.js'
import { robotSchema } from './schema.js'
import { ROOT } from './topic-name.js'

/**
 * Reads the text of a robot file. `where` names it in messages (a path). Streams are in the order of MODALITIES, and
 * within a modality by name, so the order of keys in the file has no meaning. `namespace` (absolute) is that of
 * relative topics, unless the file sets its own. Throws a RobotError of one line: `where:line: key.path: what is wrong;
 * what to do`.
 * With `readModel` (path as written to text), the models that the file names are held against it, and calibrations are
 * read.
 */
export function parseRobot(text: string, where: string, namespace = ROOT, readModel?: (path: string) => string): Robot {
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
  const { data, issues } = validate(robotSchema(), file)
  if (issues) {
    const [first, ...more] = issues.map(problemOf)
    if (first === undefined) throw new TypeError('a refusal without an issue')
    return fail(first.code, first.path, `${first.message}${more.length > 0 ? ` (and ${more.length} more)` : ''}`)
  }
  return resolveRobot(data, fail, { namespace, readModel })
}

/** Most characters of a robot file. The shipped ones have a few thousand. */
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
    // Lists that are nested very deeply overflow the stack.
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

/** A message quotes the file. It has no control characters and a limited length. */
function oneLine(message: string): string {
  const line = message.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
  return line.length > 500 ? `${line.slice(0, 500)}…` : line
}

/** The offset in the text of the key at this path, or of the nearest key above it that the file has. */
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
