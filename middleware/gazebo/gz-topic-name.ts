import { GzError } from './gz-error.js'

/** Characters that gz-transport does not allow in a partition or a topic. */
const FORBIDDEN = /[~ @]|\/\/|:=/

/** Whether a text can be the name of a partition. */
export function isValidPartition(partition: string): boolean {
  return partition !== '/' && !FORBIDDEN.test(partition)
}

/** The name as it is sent: `@/partition@/topic`. Throws GzError GZ_NAME. */
export function qualify(partition: string, topic: string): string {
  if (topic === '' || topic === '/' || FORBIDDEN.test(topic)) {
    throw new GzError(
      'GZ_NAME',
      `topic ${JSON.stringify(topic)}: expected a name such as /wrench, without spaces, @, ~, // and :=`,
    )
  }
  return `@${withSlash(partition)}@${withSlash(topic)}`
}

/** The parts of such a name; undefined for another text. */
export function split(name: string): { readonly partition: string; readonly topic: string } | undefined {
  const at = name.lastIndexOf('@')
  if (at <= 0 || !name.startsWith('@') || at === name.length - 1) return undefined
  return { partition: name.slice(1, at).replace(/^\//, ''), topic: name.slice(at + 1) }
}

function withSlash(name: string): string {
  const trimmed = name.replace(/\/$/, '')
  return trimmed === '' || trimmed.startsWith('/') ? trimmed : `/${trimmed}`
}
