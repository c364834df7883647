import { z } from 'zod'
import type { DriverOption, DriverOptions, Transport } from '../../drivers/driver-declaration.js'
import { count } from '../fields.js'
import { mapping } from '../validation.js'

/** The values of a driver's options, by key. */
export type Options = Readonly<Record<string, string | number | undefined>>

/** Where a device is. Path undefined: the source brings the port (the embedded cell its pseudo-terminal). */
export type Port = { readonly path: string | undefined } & Options

/** The schemas of a driver's options. */
export const shapeOf = (options: DriverOptions): Record<string, z.ZodType> =>
  Object.fromEntries(Object.entries(options).map(([key, option]) => [key, schemaOf(option).optional()]))

function schemaOf(option: DriverOption): z.ZodType {
  if (option.kind === 'count') return count(option.note, option.most, option.least)
  return z
    .string({ error: `expected ${option.what}` })
    .min(1, { error: `expected ${option.what}` })
    .meta({ description: option.note })
}

/** The schema of `port`. */
export function portSchema(transport: Transport) {
  const path = z
    .string({ error: `expected ${transport.path}` })
    .min(1, { error: `expected ${transport.path}` })
    .optional()
    .meta({ description: 'Left out: the source brings the port.' })
  return mapping({ path, ...(shapeOf(transport.options) as object) }).optional()
}

/** The values of all options: what the section gives, else the defaults. */
export const valuesOf = (options: DriverOptions, given: object | undefined): Options =>
  Object.fromEntries(
    Object.entries(options).map(([key, option]) => [key, (given as Options | undefined)?.[key] ?? option.default]),
  )

/** The port with its defaults. */
export const portOf = (transport: Transport, given: { readonly path?: string | undefined } | undefined): Port => ({
  path: given?.path,
  ...valuesOf(transport.options, given),
})

/** The port in a few words. */
export const describePort = (transport: Transport, port: Port): string =>
  transport.describe(port.path ?? 'the port that the source brings', port)
