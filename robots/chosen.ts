import { z } from 'zod'
import { plainWords } from './validation.js'

/** For each schema of `chosen`: the schemas among which it chooses. */
const ALTERNATIVES = new WeakMap<z.core.$ZodType, readonly z.ZodType[]>()

/**
 * The schema that validates a value by the schema which `choose` names for it. So a message is about the one
 * alternative that is meant, where that of a union is about all. `alternatives` are those that JSON Schema shows.
 */
export function chosen<T>(
  choose: (value: unknown) => z.ZodType<T>,
  alternatives: readonly z.ZodType[],
): z.ZodType<T, unknown> {
  const schema = z.unknown().transform((value, context): T => {
    const { data, error } = choose(value).safeParse(value, { error: plainWords })
    if (error === undefined) return data
    for (const issue of error.issues) context.issues.push({ ...issue } as z.core.$ZodRawIssue)
    return z.NEVER
  })
  ALTERNATIVES.set(schema, alternatives)
  return schema
}

/**
 * The JSON Schema (draft 7, of what is written) of a schema in which `chosen` may occur. A schema with an `id` in its
 * metadata stands once, among the definitions.
 */
export function jsonSchemaOf(schema: z.ZodType): z.core.JSONSchema.BaseSchema {
  const definitions: Record<string, z.core.JSONSchema.BaseSchema> = {}
  const made = convert(schema, definitions)
  return Object.keys(definitions).length === 0 ? made : { ...made, definitions }
}

function convert(
  schema: z.ZodType,
  definitions: Record<string, z.core.JSONSchema.BaseSchema>,
): z.core.JSONSchema.BaseSchema {
  const { definitions: own, ...made } = z.toJSONSchema(schema, {
    io: 'input',
    target: 'draft-7',
    override({ zodSchema, jsonSchema }) {
      const alternatives = ALTERNATIVES.get(zodSchema)
      if (alternatives === undefined) return
      const schemas = alternatives.map(each => {
        const { $schema: _, ...inner } = convert(each, definitions)
        return inner
      })
      jsonSchema.anyOf = schemas
    },
  })
  Object.assign(definitions, own)
  return made
}
