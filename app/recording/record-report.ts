import { table } from '../output/text-table.js'
import type { TopicRecorder } from './topic-recorder.js'

/** What a recording took. */
export interface RecordCounts {
  /** From the first message to the last, s. */
  readonly durationS: number
  readonly messages: number
  readonly topics: Readonly<Record<string, { type: string; count: number; rateHz: number }>>
}

export interface RecordResult extends RecordCounts {
  readonly out: string
  readonly bytes: number
  /** The expected topics on which nothing came. */
  readonly missing: readonly string[]
  /** The chosen topics that could not be subscribed to. */
  readonly refused: readonly string[]
}

export function countsOf({ topics }: Pick<TopicRecorder, 'topics'>): RecordCounts {
  const came = [...topics].filter(([, { meter }]) => meter.count > 0).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const first = Math.min(...came.map(([, { meter }]) => meter.first))
  const last = Math.max(...came.map(([, { meter }]) => meter.last))
  return {
    durationS: came.length === 0 ? 0 : (last - first) / 1e9,
    messages: came.reduce((sum, [, { meter }]) => sum + meter.count, 0),
    topics: Object.fromEntries(
      came.map(([name, { type, meter }]) => [name, { type, count: meter.count, rateHz: meter.mean }]),
    ),
  }
}

/** A line that says how the recording goes: rates of the last second, and how long the disk will do. */
export function progressLine(
  recorder: Pick<TopicRecorder, 'topics' | 'missing'>,
  { seconds, bytes, room }: { readonly seconds: number; readonly bytes: number; readonly room: number },
): string {
  const rates = [...recorder.topics]
    .filter(([, { meter }]) => meter.count > 0)
    .map(([name, { meter }]) => `${name} ${meter.recent.toFixed(meter.recent < 10 ? 1 : 0)} Hz`)
  const left = Number.isFinite(room) && bytes > 0 ? `, room for ${span((room / bytes) * seconds)}` : ''
  const { missing } = recorder
  const none = missing.length > 0 ? `; nothing yet on ${missing.join(', ')}` : ''
  return `${seconds.toFixed(0)} s, ${size(bytes)}${left}: ${rates.join(', ') || 'nothing yet'}${none}`
}

export function reportLines({ out, bytes, durationS, messages, topics, missing }: RecordResult): string[] {
  const nothing = missing.map(name => `nothing came on ${name}`)
  if (messages === 0) return ['nothing was recorded', ...nothing]
  return [
    `${out}: ${durationS.toFixed(2)} s, ${messages} messages, ${size(bytes)}`,
    ...table(
      Object.entries(topics).map(([name, { type, count, rateHz }]) => [
        name,
        type,
        String(count),
        `${rateHz.toFixed(1)} Hz`,
      ]),
    ),
    ...nothing,
  ]
}

/** Bytes in words. */
export function size(bytes: number): string {
  if (!Number.isFinite(bytes)) return 'unknown room'
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`
}

const span = (seconds: number): string =>
  seconds < 120
    ? `${seconds.toFixed(0)} s`
    : seconds < 7200
      ? `${(seconds / 60).toFixed(0)} min`
      : `${(seconds / 3600).toFixed(0)} h`
