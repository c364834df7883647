import type { Robot } from '../../robots/robot.js'
import { wholeName } from '../../robots/topic-name.js'

/**
 * Full names of the topics of a robot's episodes: of their announcements (the robot file's `reset`, else `episode`),
 * and of their results.
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
