import type { MessageDefinition, MessageDefinitionField } from '@foxglove/message-definition'
import { ros2jazzy } from '@foxglove/rosmsg-msgs-common'
import { PREHEND_INTERFACES } from './prehend-interfaces.js'

const COMMON: Readonly<Record<string, MessageDefinition>> = ros2jazzy
const SEPARATOR = '='.repeat(80)

/**
 * The full text of a message definition as rosbag2 stores it (format ros2msg): the type's own lines, then those of
 * every type in it. Undefined for a type that is neither a common ROS 2 type nor one of this project.
 */
export function definitionText(type: string): string | undefined {
  const own = ownText(short(type))
  if (own === undefined) return undefined
  const texts = new Map([[short(type), own]])
  for (const text of texts.values()) {
    for (const name of referenced(text)) {
      const inner = ownText(name)
      if (inner === undefined) return undefined
      texts.set(name, inner)
    }
  }
  return [...texts].map(([name, text], index) => (index === 0 ? text : `${SEPARATOR}\nMSG: ${name}\n${text}`)).join('')
}

/** `sensor_msgs/Image` for `sensor_msgs/msg/Image`: the form that is used inside a definition. */
function short(type: string): string {
  return type.replace('/msg/', '/')
}

function ownText(name: string): string | undefined {
  const written = PREHEND_INTERFACES[name.replace('/', '/msg/')]
  if (written !== undefined) return written
  if (!Object.hasOwn(COMMON, name)) return undefined
  return COMMON[name]!.definitions.map(field => `${line(field)}\n`).join('')
}

function line(field: MessageDefinitionField): string {
  const { type, name, isArray, arrayLength, arrayUpperBound, isConstant, valueText, value } = field
  if (isConstant) return `${type} ${name}=${valueText ?? String(value)}`
  const plain =
    type === 'time' || type === 'duration' ? `builtin_interfaces/${type === 'time' ? 'Time' : 'Duration'}` : type
  const bound = arrayLength ?? (arrayUpperBound === undefined ? '' : `<=${arrayUpperBound}`)
  return `${plain}${isArray ? `[${bound}]` : ''} ${name}`
}

function referenced(text: string): string[] {
  return [...text.matchAll(/^([a-z][a-z0-9_]*\/\w+)/gm)].map(([, name = '']) => name)
}
