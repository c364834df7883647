import type { Executable } from '../control/chunk/chunk-executor.js'
import type { ActionChunkMessage, ActionGroupMessage } from '../middleware/messages.js'

/** A policy's answer to an observation: what the chunk topic carries, and how long it took. */
export interface PolicyAnswer extends Pick<ActionChunkMessage, 'stamp' | 'rate' | 'data' | 'origin' | 'featureStamp'> {
  /** What the columns command. Default: the channels of contract version 1. */
  readonly groups?: Executable['groups']
  /** Undefined: the policy has no gate. */
  readonly gate: ActionChunkMessage['gate'] | undefined
  /** Undefined: the policy does not say. */
  readonly graspSuccess: number | undefined
  /** Wall time of the inference alone, ms. */
  readonly inferenceMs: number
}

type Group = NonNullable<Executable['groups']>[number]

const NO_GATE = new Float32Array(0)
const NO_NAMES: readonly string[] = []

/** A policy's answer as a message on the chunk topic. `frameId`: the tool's frame at the stamp. */
export function chunkMessage(chunk: Omit<PolicyAnswer, 'inferenceMs'>, frameId: string): ActionChunkMessage {
  const { stamp, rate, data, origin, groups, featureStamp, gate = NO_GATE, graspSuccess = NaN } = chunk
  const from = featureStamp === undefined ? {} : { featureStamp }
  const message = { stamp, frameId, rate, data, gate, graspSuccess, ...from }
  if (groups === undefined) return { ...message, origin }
  return { ...message, origin: Float64Array.of(0, 0, 0, 0, 0, 0, 1), groups: groups.map(groupMessage), origins: origin }
}

/** What the control node executes of a message. */
export function executableOf({ stamp, rate, data, origin, groups, origins }: ActionChunkMessage): Executable {
  if (groups === undefined || groups.length === 0) return { stamp, rate, data, origin }
  return { stamp, rate, data, origin: origins ?? new Float64Array(0), groups: groups.map(groupOf) }
}

function groupMessage({ name, kind, ...fields }: Group): ActionGroupMessage {
  return {
    name,
    kind,
    counts: fields.counts ?? '',
    joints: fields.joints ?? NO_NAMES,
    continuous: fields.continuous ?? NO_NAMES,
    rotation: fields.rotation ?? '',
    frame: fields.frame ?? '',
    channels: fields.channels ?? NO_NAMES,
    unit: fields.unit ?? '',
  }
}

function groupOf({ name, kind, ...fields }: ActionGroupMessage): Group {
  const there = Object.entries(fields).filter(([, value]) => value.length > 0)
  return { name, kind, ...Object.fromEntries(there) }
}
