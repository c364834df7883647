import type { DriverOption } from '../drivers/driver-declaration.js'
import { DRIVERS } from '../drivers/gripper-drivers.js'
import { STRATEGIES, strategiesFor } from '../fusion/align/strategies.js'
import { ACTUATORS } from './actuators/actuators.js'
import { MODALITIES } from '../fusion/modality.js'
import { DEFAULT_STRATEGY, STREAM_TYPES } from '../fusion/stream-types/stream-types.js'

/** The tables of docs/reference/robot-file.md that are made from declarations. */
export function referenceTables(): string[] {
  return [typeTable(), strategyTable(), actuatorTable(), driverTable()]
}

function typeTable(): string {
  const rows = new Map<string, string[]>()
  for (const [type, { modalities }] of STREAM_TYPES) {
    const strategies = [...new Set(modalities.flatMap(strategiesFor))]
    const rest = `${modalities.join(', ')} | ${strategies.join(', ')}`
    rows.set(rest, [...(rows.get(rest) ?? []), `\`${type}\``])
  }
  return table(
    ['type', 'modality', 'strategies'],
    [...rows].map(([rest, types]) => [types.join(', '), rest]),
  )
}

function strategyTable(): string {
  return table(
    ['written', 'meaning', 'default for'],
    [...STRATEGIES.values()].map(({ name, documentation: { written, meaning } }) => [
      written,
      meaning,
      MODALITIES.filter(modality => DEFAULT_STRATEGY[modality] === name).join(', '),
    ]),
  )
}

function actuatorTable(): string {
  return table(
    ['an actuator is written', 'it is', 'it takes'],
    [...ACTUATORS.values()].map(({ written, meaning, channels }) => [written, meaning, channels]),
  )
}

function driverTable(): string {
  const row = (key: string, option: DriverOption): string[] => {
    const range = option.kind === 'count' ? `${option.least} to ${option.most}` : ''
    const note = option.note.replace(/\.? ?Default [^.]*\.$/, '')
    return [`\`${key}\``, String(option.default), [note, range].filter(words => words !== '').join(', ')]
  }
  return table(
    ['driver', 'key of the actuator', 'default', 'meaning'],
    [...DRIVERS.values()].flatMap(({ name, transport, options }) =>
      [
        ['`port.path`', "the source's", `${transport.path}. Without it the source brings the port`],
        ...Object.entries<DriverOption>(transport.options).map(([key, option]) => row(`port.${key}`, option)),
        ...Object.entries<DriverOption>(options).map(([key, option]) => row(key, option)),
      ].map((cells, i) => [i === 0 ? `\`${name}\`` : '', ...cells]),
    ),
  )
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`.replaceAll('|  |', '| |')
  return [line(head), `${'|---'.repeat(head.length)}|\n`, ...rows.map(line)].join('')
}
