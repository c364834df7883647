import type { Robot, Stream } from './robot.js'

/** The stream with the tool pose of the arm. Undefined for a robot without an arm. */
export function toolStream({ actions, streams }: Pick<Robot, 'actions' | 'streams'>): Stream | undefined {
  return actions.arm && streams.find(({ name }) => name === actions.arm?.pose)
}
