export const ROOT = '/'

/** A topic's whole name: an absolute one as it is, a relative one below `namespace` (absolute). */
export function wholeName(topic: string, namespace: string): string {
  return topic.startsWith('/') ? topic : `${namespace === ROOT ? '' : namespace}/${topic}`
}

/** The name that `wholeName` makes `whole` of; `whole` itself where it does not lie below `namespace`. */
export function nameBelow(whole: string, namespace: string): string {
  return namespace !== ROOT && whole.startsWith(`${namespace}/`) ? whole.slice(namespace.length + 1) : whole
}
