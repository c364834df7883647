import type { Robot } from '../../robots/robot.js'
import { wholeName } from '../../robots/topic-name.js'

/**
 * Whole names of the topics of a robot's episodes: where they are announced (the robot file's `reset`, else `episode`),
 * and where results go.
 */
export function episodeTopics({ reset, namespace }: Pick<Robot, 'reset' | 'namespace'>): {
  announcements: string
  results: string
} {
  return {
    announcements: reset?.topic ?? wholeName('episode', namespace),
    results: wholeName('episode/result', namespace),
  }
}
