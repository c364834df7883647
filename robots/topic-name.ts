export const ROOT = '/'

/** The absolute name of a topic: an absolute topic as it is, a relative one below `namespace` (absolute). */
export function wholeName(topic: string, namespace: string): string {
  return topic.startsWith('/') ? topic : `${namespace === ROOT ? '' : namespace}/${topic}`
}

/**
 * The relative name from which `wholeName` makes `whole`. Gives `whole` itself where it does not lie below `namespace`.
 */
export function nameBelow(whole: string, namespace: string): string {
  return namespace !== ROOT && whole.startsWith(`${namespace}/`) ? whole.slice(namespace.length + 1) : whole
}
