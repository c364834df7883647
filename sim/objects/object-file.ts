import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { dirname, join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { LARGEST_TEXT, readTextSync, reasonOf } from '../../middleware/regular-file.js'
import { meaningOf } from '../../control/speech/stop-word.js'
import { SimError } from '../sim-error.js'
import type { ObjectModel, Part, Shape } from './object.js'

const SIZES: Record<Shape, number> = { box: 3, cylinder: 2, sphere: 1, capsule: 2, ellipsoid: 3 }

const COLOURS: Record<string, readonly [number, number, number]> = {
  red: [0.82, 0.12, 0.11],
  green: [0.13, 0.6, 0.2],
  blue: [0.12, 0.28, 0.8],
  yellow: [0.93, 0.79, 0.12],
  orange: [0.93, 0.47, 0.1],
  purple: [0.5, 0.2, 0.65],
  pink: [0.93, 0.52, 0.66],
  white: [0.92, 0.92, 0.9],
  black: [0.1, 0.1, 0.11],
  grey: [0.5, 0.5, 0.52],
  brown: [0.43, 0.26, 0.14],
  cyan: [0.12, 0.72, 0.78],
  teal: [0.05, 0.5, 0.48],
  magenta: [0.8, 0.1, 0.6],
  lime: [0.6, 0.87, 0.12],
  navy: [0.07, 0.1, 0.4],
  olive: [0.47, 0.47, 0.1],
  beige: [0.87, 0.8, 0.65],
  turquoise: [0.2, 0.85, 0.75],
  maroon: [0.45, 0.06, 0.12],
}

const colourSchema = z
  .string({ error: 'expected a colour' })
  .refine(c => Object.hasOwn(COLOURS, c) || /^#[0-9a-f]{6}$/i.test(c), {
    error: `expected #rrggbb or one of ${Object.keys(COLOURS).join(', ')}`,
  })

/**
 * A name as speech recognition writes it: words of letters, digits and #, without accents. "L-bracket": "L bracket".
 */
const spoken = (name: string): string =>
  name
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/[^\p{L}0-9#]+/gu, ' ')
    .trim()

const positive = z.number({ error: 'expected a number' }).positive('must be greater than 0')
const drawn = (low: number, high: number): z.ZodType<number | [number, number]> =>
  z.custom<number | [number, number]>().superRefine((value, context) => {
    const numbers: unknown[] = Array.isArray(value) ? value : [value]
    const fail = (message: string): void => context.addIssue({ code: 'custom', message })
    if (
      !numbers.every(n => typeof n === 'number' && Number.isFinite(n)) ||
      (Array.isArray(value) && value.length !== 2)
    ) {
      fail('expected a number, or a range [low, high]')
      return
    }
    const wrong = (numbers as number[]).find(n => n <= low || n > high)
    if (wrong !== undefined) fail(`must be ${wrong <= low ? `greater than ${low}` : `at most ${high}`}, got ${wrong}`)
    else if (Array.isArray(value) && value[0] > value[1]) fail('the range must be [low, high]')
  })
const PART_KEYS = ['shape', 'size', 'pos', 'euler', 'colour'] as const
const coordinate = z.number({ error: 'expected three numbers [x, y, z]' })
const vector = z.tuple([coordinate, coordinate, coordinate], { error: 'expected three numbers [x, y, z]' })
const partSchema = z
  .strictObject(
    {
      shape: z.enum(['box', 'cylinder', 'sphere', 'capsule', 'ellipsoid'], {
        error: 'expected box, cylinder, sphere, capsule or ellipsoid',
      }),
      size: z.union([z.array(positive).min(1).max(3), positive.transform(radius => [radius])], {
        error: 'expected 1 to 3 positive half-extents in metres',
      }),
      pos: vector.default([0, 0, 0]),
      euler: vector.default([0, 0, 0]),
      colour: colourSchema.optional(),
    },
    { error: issue => (issue.code === 'invalid_type' ? `expected a part: {${PART_KEYS.join(', ')}}` : undefined) },
  )
  .refine(({ shape, size }) => size.length === SIZES[shape], {
    path: ['size'],
    error:
      'has the wrong number of half-extents: box and ellipsoid take 3, cylinder and capsule 2 (radius, ' +
      'half-length), sphere 1',
  })
  .refine(({ size }) => size.every(s => s <= 0.3), { path: ['size'], error: 'is in metres, half-extents at most 0.3' })
const OBJECT_KEYS = ['name', 'colour', 'mass', 'friction', 'crush', 'parts'] as const
const objectSchema = z.strictObject(
  {
    name: z
      .string({ error: 'expected a name' })
      .transform(spoken)
      .refine(name => /^[a-z0-9# ]*[a-z0-9][a-z0-9# ]*$/i.test(name), {
        error: 'must be of words in the letters a to z, in which commands are heard',
      })
      .refine(name => meaningOf(`the ${name}`) !== 'stop', { error: 'must not have a word in it that means stop' }),
    colour: colourSchema,
    mass: drawn(0, 5),
    friction: drawn(0, 5),
    crush: drawn(0, 1e6).optional(),
    parts: z.array(partSchema, { error: 'expected a list of parts' }).min(1, 'must have at least one part'),
  },
  { error: issue => (issue.code === 'invalid_type' ? `expected an object: {${OBJECT_KEYS.join(', ')}}` : undefined) },
)

/**
 * Reads an objects file: `seen`, `unseen`, or a path. Throws SimError OBJECTS_INVALID (one line: file, object, key,
 * what was expected) or OBJECTS_MISSING. Names are in the form of speech recognition: words of letters, digits and #.
 */
export function loadObjects(set: string): ObjectModel[] {
  const shipped = set === 'seen' || set === 'unseen'
  const path = shipped ? shippedPath(`${set}.yaml`) : set
  let text: string
  try {
    text = readTextSync(path, LARGEST_TEXT)
  } catch (error) {
    throw new SimError(
      'OBJECTS_MISSING',
      `${path}: cannot read the objects file (${reasonOf(error)}); give seen, unseen or a YAML file`,
    )
  }
  return parseObjects(text, shipped ? `${set}.yaml` : path)
}

/**
 * Reads the objects of a cell whose own sets are the shipped files FAMILY-seen.yaml and FAMILY-unseen.yaml. Another `set`
 * is a path. Throws like loadObjects.
 */
export function loadFamily(family: string, set: string): ObjectModel[] {
  return loadObjects(set === 'seen' || set === 'unseen' ? shippedPath(`${family}-${set}.yaml`) : set)
}

/** Like loadObjects, for a table with `count` objects. Throws SimError OBJECTS_FEW when the set has fewer. */
export function loadTable(set: string, count = 1): ObjectModel[] {
  const models = loadObjects(set)
  if (models.length < count)
    throw new SimError(
      'OBJECTS_FEW',
      `${set}: has ${models.length} object${models.length === 1 ? '' : 's'}, ${count} are to lie on the table`,
    )
  return models
}

/** Like loadObjects, from a text. Error messages name `file`. */
export function parseObjects(text: string, file: string): ObjectModel[] {
  const fail = (what: string): never => {
    throw new SimError('OBJECTS_INVALID', `${file}: ${what}`)
  }
  let document: unknown
  try {
    document = parse(text)
  } catch (error) {
    return fail(`not YAML: ${String((error as Error).message).split('\n')[0]}`)
  }
  if (!Array.isArray(document)) return fail('expected a list of objects ({name, colour, mass, friction, crush, parts})')
  if (document.length < 1) return fail('the list of objects is empty')
  const names = new Set<string>()
  return document.map((item: unknown, index) => {
    const name =
      typeof item === 'object' && item !== null && 'name' in item ? shown(String(item.name)) : `#${index + 1}`
    const result = objectSchema.safeParse(item)
    if (!result.success) {
      const issue = result.error.issues[0]
      const key =
        issue?.code === 'unrecognized_keys'
          ? shown(issue.keys[0]!)
          : issue?.path.reduce<string>(
              (at, step) =>
                typeof step === 'number' ? `${at}[${step}]` : at === '' ? String(step) : `${at}.${String(step)}`,
              '',
            )
      const what =
        issue?.code === 'unrecognized_keys'
          ? `unknown key; known: ${(issue.path.includes('parts') ? PART_KEYS : OBJECT_KEYS).join(', ')}`
          : issue?.message
      return fail(`object "${name}": ${key === '' ? '' : `${key}: `}${what}`)
    }
    const heard = result.data.name.toLowerCase()
    if (names.has(heard)) fail(`object "${name}": name: is given twice; names must differ in their words`)
    names.add(heard)
    const { colour, crush, parts, ...rest } = result.data
    return {
      ...rest,
      colour,
      crush: crush ?? Infinity,
      parts: parts.map(
        (part): Part => ({
          shape: part.shape,
          size: part.size,
          pos: part.pos,
          quat: quaternionOfEuler(part.euler),
          rgb: rgbOf(part.colour ?? colour),
        }),
      ),
    }
  })
}

/** A text from a file, shortened for a message. */
function shown(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}… (${text.length} characters)` : text
}

function shippedPath(name: string): string {
  const here = dirname(fileURLToPath(import.meta.url))
  const beside = join(here, name)
  return existsSync(beside) ? beside : join(here, '..', '..', '..', 'sim', 'objects', name)
}

function rgbOf(colour: string): readonly [number, number, number] {
  const named = COLOURS[colour]
  if (named !== undefined) return named
  const value = Number.parseInt(colour.slice(1), 16)
  return [((value >> 16) & 255) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255]
}

/** Quaternion (w, x, y, z) of Euler angles in degrees, in MJCF's default sequence: intrinsic x, y, z. */
function quaternionOfEuler([x, y, z]: readonly [number, number, number]): [number, number, number, number] {
  const [a, b, c] = [x, y, z].map(angle => (angle * Math.PI) / 360) as [number, number, number]
  const [ca, sa, cb, sb, cc, sc] = [Math.cos(a), Math.sin(a), Math.cos(b), Math.sin(b), Math.cos(c), Math.sin(c)]
  return [
    ca * cb * cc - sa * sb * sc,
    sa * cb * cc + ca * sb * sc,
    ca * sb * cc - sa * cb * sc,
    ca * cb * sc + sa * sb * cc,
  ]
}
