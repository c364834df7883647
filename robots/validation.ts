import { closest, distance } from 'fastest-levenshtein'
import { z } from 'zod'

/** Most characters of a foreign name or value that a message shows. */
const SHOWN = 60

/** A foreign name, shortened for a message. */
export function short(name: string): string {
  return name.length > SHOWN ? `${name.slice(0, SHOWN)}… (${name.length} characters)` : name
}

/** Foreign names for a message, with limits on their length and number. */
export function shortList(names: readonly string[], most = 20): string {
  return [...names.slice(0, most).map(short), ...(names.length > most ? [`${names.length - most} more`] : [])].join(
    ', ',
  )
}

/** `'windw': no such key here, did you mean 'window'?` */
export function unknownName(what: string, got: string, known: readonly string[]): string {
  const near = got.length > SHOWN ? undefined : closest(got, known)
  const hint =
    near !== undefined && distance(got, near) <= Math.max(2, got.length / 2)
      ? `did you mean '${near}'?`
      : `known: ${known.join(', ')}`
  return `'${short(got)}': no such ${what}, ${hint}`
}

/** The schema of a map with exactly these keys. `what`: how messages call a key. */
export function mapping<T extends z.core.$ZodLooseShape>(shape: T, what = 'key here') {
  const known = Object.keys(shape)
  return z.strictObject(shape, {
    error: issue => {
      if (issue.code === 'unrecognized_keys') return unknownName(what, issue.keys[0] ?? '', known)
      return issue.code === 'invalid_type' ? `expected a map of ${known.join(', ')}, ${got(issue.input)}` : undefined
    },
  })
}

/**
 * Validates a value. Every issue has a plain message: that of the schema, else that of `plainWords`. A key with a
 * special meaning in JavaScript is an issue too, since schemas ignore it silently.
 */
export function validate<T extends z.ZodType>(
  schema: T,
  value: unknown,
):
  | { readonly data: z.output<T>; readonly issues?: never }
  | { readonly data?: never; readonly issues: readonly z.core.$ZodIssue[] } {
  const path = pathOfProto(value)
  if (path)
    return {
      issues: [
        { code: 'custom', path: [...path], message: 'cannot be used as a name: choose another one', input: undefined },
      ],
    }
  const parsed = schema.safeParse(value, { error: plainWords })
  return parsed.success ? { data: parsed.data } : { issues: parsed.error.issues }
}

/** `inputs.rgbd.shape.0: must be 1, got 2` */
export function issueText({ path, message }: z.core.$ZodIssue): string {
  return path.length > 0 ? `${path.map(step => short(String(step))).join('.')}: ${message}` : message
}

/** The message of an issue where the schema gives none: what was expected and what was found. */
export function plainWords(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${KINDS[issue.expected] ?? issue.expected}, ${got(issue.input)}`
    case 'invalid_value':
      return `expected ${issue.values.map(value => JSON.stringify(value)).join(' or ')}, ${got(issue.input)}`
    case 'unrecognized_keys':
      return `'${short(issue.keys[0] ?? '')}': no such key here; leave it out`
    case 'too_small':
      return issue.origin === 'array' || issue.origin === 'string' || issue.origin === 'map'
        ? `needs at least ${String(issue.minimum)} ${issue.origin === 'string' ? 'character' : 'entry'}`
        : `must be ${issue.inclusive === false ? 'above' : 'at least'} ${String(issue.minimum)}, ${got(issue.input)}`
    case 'too_big':
      return issue.origin === 'array' || issue.origin === 'string' || issue.origin === 'map'
        ? `has room for ${String(issue.maximum)} at most`
        : `must be ${issue.inclusive === false ? 'below' : 'at most'} ${String(issue.maximum)}, ${got(issue.input)}`
    case 'invalid_format':
    case 'not_multiple_of':
    case 'invalid_union':
    case 'invalid_key':
    case 'invalid_element':
    case 'custom':
      return `is not as expected, ${got(issue.input)}`
  }
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'a map',
  record: 'a map',
  nan: 'a number',
}

function got(value: unknown): string {
  if (value === undefined) return 'and nothing is there'
  if (Array.isArray(value)) return 'got a list'
  if (value !== null && typeof value === 'object') return 'got a map'
  return `got ${short(typeof value === 'string' ? JSON.stringify(value) : String(value))}`
}

/** The path of a key `__proto__`. Undefined where there is none. */
function pathOfProto(value: unknown, path: readonly PropertyKey[] = []): readonly PropertyKey[] | undefined {
  if (value === null || typeof value !== 'object') return undefined
  for (const [key, inner] of Object.entries(value)) {
    const found =
      key === '__proto__' ? [...path, key] : pathOfProto(inner, [...path, Array.isArray(value) ? Number(key) : key])
    if (found) return found
  }
  return undefined
}
