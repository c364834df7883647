import type { ParameterDescription } from '../middleware/parameters.js'
import { KINDS } from './managed-nodes.js'
import { COMMON, type Declarations } from './node-kind.js'

const cell = (text: string): string => text.replaceAll('|', '\\|')

function row([name, { type, default: value, range, unit = '', description, readOnly = false }]: [
  string,
  ParameterDescription,
]): string {
  const shown = value === '' ? '' : `\`${JSON.stringify(value)}\``
  const cells = [
    `\`${name}\``,
    type.replace('_', ' '),
    shown,
    range ? `${range.min} to ${range.max}` : '',
    unit,
    readOnly ? 'at start' : 'at any time',
    cell(description),
  ]
  return `| ${cells.join(' | ')} |`
}

function table(declarations: Declarations): string[] {
  return [
    '| name | type | default | range | unit | set | |',
    '|---|---|---|---|---|---|---|',
    ...Object.entries(declarations).map(row),
  ]
}

/** The text of docs/reference/parameters.md: the parameters of all nodes, from their declarations. */
export async function parameterTable(): Promise<string> {
  const kinds = await Promise.all(
    Object.entries(KINDS).map(async ([name, { summary, load }]) => ({ name, summary, ...(await load()) })),
  )
  return [
    '# Parameters of the ROS 2 nodes',
    '',
    'Made by `npx tsx scripts/parameter-table.ts` from the declarations in `ros2/`. They are ' +
      'given by `-p NAME:=VALUE`, a `--params-file` or a launch file; `ros2 param describe`',
    'shows them at a running node. A value out of its range, or of another type, is refused with the ' +
      'range; so is a change, while the node runs, of what is set at start.',
    'Quality of service has the standard parameters `qos_overrides.TOPIC.subscription.*` and ' +
      '`qos_overrides.TOPIC.publisher.*` (`history`, `depth`, `reliability`, `durability`).',
    '',
    '## Every node',
    '',
    ...table(COMMON),
    '| `use_sim_time` | boolean | `false` |  |  | at start | time comes from /clock |',
    '',
    ...kinds.flatMap(({ name, summary, parameters }) => [
      `## \`${name}\``,
      '',
      `${summary[0]!.toUpperCase()}${summary.slice(1)}.`,
      '',
      ...(Object.keys(parameters).length > 0 ? table(parameters) : ['It has no others.']),
      '',
    ]),
  ].join('\n')
}
