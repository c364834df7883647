import { z } from 'zod'
import type { Driver, DriverOption, DriverOptions } from '../drivers/driver.js'
import { COMMON_DRIVER, DRIVERS } from '../drivers/registry.js'
import { count, name } from './fields.js'
import type { Robot } from './robot.js'
import { mapping } from './validation.js'

type Gripper = NonNullable<Robot['actions']['gripper']>
type Given = Readonly<Record<string, string | number | undefined>>

/** What a robot file says of its gripper, after the schema. */
export interface GripperParsed {
  readonly driver: string
  readonly port?: { readonly path?: string | undefined } | undefined
}

/** A driver's declaration; of one that is not known here, that of the common one. */
export const driverOf = (driver: string | undefined): Driver => DRIVERS.get(driver ?? '') ?? COMMON_DRIVER

/** The driver that a robot file names, before the file is held against its schema. */
export function driverIn(file: unknown): string | undefined {
  const { data } = z.object({ actions: z.object({ gripper: z.object({ driver: z.string() }) }) }).safeParse(file)
  return data?.actions.gripper.driver
}

/** The schema of `actions.gripper`. */
export function gripperSchema({ transport, options }: Driver) {
  const path = z
    .string({ error: `expected ${transport.path}` })
    .min(1, { error: `expected ${transport.path}` })
    .optional()
    .meta({ description: 'Left out: the source brings the port.' })
  return mapping({
    driver: name('a driver such as robotiq-2f85'),
    port: mapping({ path, ...(shapeOf(transport.options) as object) }).optional(),
    ...(shapeOf(options) as object),
  })
}

const shapeOf = (options: DriverOptions): Record<string, z.ZodType> =>
  Object.fromEntries(Object.entries(options).map(([key, option]) => [key, schemaOf(option).optional()]))

function schemaOf(option: DriverOption): z.ZodType {
  if (option.kind === 'count') return count(option.note, option.most, option.least)
  return z
    .string({ error: `expected ${option.what}` })
    .min(1, { error: `expected ${option.what}` })
    .meta({ description: option.note })
}

/** The gripper with defaults. */
export function resolveGripper(gripper: GripperParsed): Gripper {
  const { transport, options } = driverOf(gripper.driver)
  return {
    driver: gripper.driver,
    port: { path: gripper.port?.path, ...valuesOf(transport.options, gripper.port) },
    ...valuesOf(options, gripper),
  }
}

const valuesOf = (options: DriverOptions, given: object | undefined): Record<string, string | number> =>
  Object.fromEntries(
    Object.entries(options).map(([key, option]) => [key, (given as Given | undefined)?.[key] ?? option.default]),
  )

/** A gripper in a few words. */
export function describeGripper({ driver, port, ...options }: Gripper): string {
  const declared = driverOf(driver)
  const where = declared.transport.describe(port.path ?? 'the port that the source brings', port)
  return [driver, declared.describe(options as Given), where].filter(words => words !== '').join(', ')
}
