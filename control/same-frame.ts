/**
 * Whether the frame of a measured pose is the one called `name` in a robot file or a policy, where names are without
 * the prefix of the nodes. A source outside of these nodes may publish the bare name. Allocates nothing.
 */
export function isSameFrame(measured: string, name: string, prefix: string): boolean {
  if (measured === name) return true
  return measured.length === prefix.length + name.length && measured.startsWith(prefix) && measured.endsWith(name)
}
