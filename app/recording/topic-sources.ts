import { UsageError } from '../output/output.js'
import type { OpenSource } from './topic-source.js'

/** How a source is opened, by the word of `--source`. One line each; the code of one is loaded when it is asked for. */
const SOURCES: ReadonlyMap<string, () => Promise<OpenSource>> = new Map([
  ['ros2', async () => (await import('./ros2-topics.js')).openRos2],
  ['bus', async () => (await import('./servo-topics.js')).openServoBuses],
  ['sim', async () => (await import('./cell-topics.js')).openCell],
])

export const TOPIC_SOURCES: readonly string[] = [...SOURCES.keys()]

/** Throws UsageError for a word that is none of TOPIC_SOURCES. */
export function topicSource(name: string): () => Promise<OpenSource> {
  const source = SOURCES.get(name)
  if (!source) throw new UsageError(`--source ${name}: is not known; expected ${TOPIC_SOURCES.join(', ')}`)
  return source
}
