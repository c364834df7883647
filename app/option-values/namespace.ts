import { namespaceSchema } from '../../robots/schema.js'
import { UsageError } from '../output/output.js'

/** A namespace as ROS writes it, such as /left. Throws UsageError where the text is none. */
export function readNamespace(text: string): string {
  const parsed = namespaceSchema.safeParse(text)
  if (!parsed.success) throw new UsageError(`${parsed.error.issues[0]!.message}.`)
  return parsed.data
}
