import { z } from 'zod'
import { parseRobot } from './robot-file.js'
import type { Robot } from './robot.js'
import { POSE_TYPE } from '../fusion/stream-types/pose.js'

/** A canonical text with an arm. */
const withArm = z.looseObject({
  actions: z.looseObject({ arm: z.looseObject({ pose: z.string().optional() }) }),
  streams: z.record(z.string(), z.looseObject({ type: z.string() })),
})

/**
 * The robot of a recording or a model, from the canonical text in it. Texts from before `actions.arm.pose` lack that
 * key: for them it is the first pose stream by name, which is what their runs went by. What is read this way commands
 * nothing. Throws as `parseRobot`.
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
