import { z } from 'zod'
import { parseRobot } from './robot-file.js'
import type { Robot } from './robot.js'
import { POSE_TYPE } from '../fusion/stream-types/pose-stamped.js'

/** A canonical text with an arm that takes poses. */
const withArm = z.looseObject({
  actions: z.looseObject({ arm: z.looseObject({ type: z.literal(POSE_TYPE), pose: z.string().optional() }) }),
  streams: z.record(z.string(), z.looseObject({ type: z.string() })),
})

/**
 * Reads the robot of a recording or a model from its canonical text. A text that is older than `actions.arm.pose` lacks
 * that key; it then means the first pose stream by name, as it did in those runs. A robot that is read in this way
 * commands nothing. Throws as `parseRobot`.
 */
export function parseRecordedRobot(text: string, where: string, namespace?: string): Robot {
  return parseRobot(withPose(text), where, namespace)
}

function withPose(text: string): string {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return text
  }
  const { data: file } = withArm.safeParse(json)
  if (!file || file.actions.arm.pose !== undefined) return text
  const [pose] = Object.keys(file.streams)
    .filter(name => file.streams[name]!.type === POSE_TYPE)
    .sort()
  return JSON.stringify({ ...file, actions: { ...file.actions, arm: { ...file.actions.arm, pose } } })
}
