import type { Stream } from '../../robots/robot.js'
import { MS, PYRAMID } from './robots.js'

/**
 * A slow aligner, written from the definitions, for the robot of robots.ts (rgb nearest, depth interpolate, wrench
 * window, voice events, tool interpolate; pictures of one grey value). It looks through the whole history for every
 * value.
 */
export interface Push {
  stream: number
  stamp: number
  receive: number
  value: number
}
export interface Seen {
  stamp: number
  emitted: number
  values: unknown[]
  mask: number[]
}

const RGB = 0,
  DEPTH = 1,
  WRENCH = 2,
  VOICE = 3,
  TOOL = 4
const WAIT = 40 * MS,
  SILENCE = 250 * MS,
  GAP = 100 * MS,
  HOLD = 50 * MS

export function wrenchOf(value: number): number[] {
  return [value, -value, 2 * value, 0.5 * value, value * value, 1]
}

export function reference(
  pushes: readonly Push[],
  streams: readonly Stream[],
): { seen: Seen[]; dropped: Record<string, number> } {
  const seen: Seen[] = []
  const dropped: Record<string, number> = {}
  const drop = (reason: string, times = 1): void => {
    dropped[reason] = (dropped[reason] ?? 0) + times
  }
  const kept: Push[][] = streams.map(() => [])
  const spoke: (number | undefined)[] = streams.map(() => undefined)
  const tareEnd: (number | undefined)[] = streams.map(() => undefined)
  const tared: Push[][] = streams.map(() => [])
  const newestOf = streams.map(() => -Infinity)
  let bias: number | undefined
  // For the vector streams: whether samples of one stamp have differed, and how often the newest sample was repeated.
  const bursts: boolean[] = streams.map(() => false)
  const repeats: number[] = streams.map(() => 0)
  let waiting: { stamp: number; arrival: number }[] = []
  let last = -Infinity

  type Join = (a: number, b: number, share: number) => number
  const around = (stream: number, t: number): { value: (w: Join) => number } | undefined => {
    const sorted = [...(kept[stream] as Push[])].sort((a, b) => a.stamp - b.stamp)
    const earlier = sorted.filter(p => p.stamp <= t).at(-1)
    const later = sorted.find(p => p.stamp > t)
    if (earlier === undefined) return undefined
    if (earlier.stamp === t) return { value: () => earlier.value }
    if (later === undefined) return t - earlier.stamp <= HOLD ? { value: () => earlier.value } : undefined
    if (later.stamp - earlier.stamp > GAP) return undefined
    return { value: w => w(earlier.value, later.value, (t - earlier.stamp) / (later.stamp - earlier.stamp)) }
  }
  const window = (t: number, length: number): number[] =>
    (kept[WRENCH] as Push[]).filter(p => p.stamp > t - length && p.stamp <= t).map(p => p.value - (bias ?? 0))

  const emit = (emitted: number): void => {
    const { stamp: t } = waiting.shift() as { stamp: number }
    last = t
    const rgb = around(RGB, t)?.value((a, b, w) => (w <= 0.5 ? a : b))
    const depth = around(DEPTH, t)?.value((a, b, w) =>
      Math.abs(a - b) > Math.max(30, 0.05 * Math.min(a, b)) ? (w <= 0.5 ? a : b) : Math.round(a + (b - a) * w),
    )
    const tool = around(TOOL, t)?.value((a, b, w) => a + (b - a) * w)
    const mean = window(t, 33_333_333)
    const pyramid = PYRAMID.map(length => window(t, length))
    const voice = (kept[VOICE] as Push[])
      .map((p, i) => ({ ...p, i }))
      .filter(p => p.stamp <= t)
      .sort((a, b) => a.stamp - b.stamp || a.i - b.i)
      .slice(-4)
      .map(p => [`e${p.value}`, (t - p.stamp) / 1e9])
    const average = (list: number[]): number => list.reduce((sum, v) => sum + v, 0) / Math.max(1, list.length)
    const peak = (list: number[]): number => Math.max(0, ...list.map(Math.abs))
    seen.push({
      stamp: t,
      emitted,
      values: [rgb, depth, mean.length, average(mean), pyramid.map(average), pyramid.map(peak), voice, tool],
      mask: [rgb !== undefined, depth !== undefined, mean.length > 0, voice.length > 0, tool !== undefined].map(Number),
    })
  }
  const complete = (): boolean => {
    const { stamp, arrival } = waiting[0] as { stamp: number; arrival: number }
    return [RGB, DEPTH, WRENCH, TOOL].every(stream => {
      const heard = spoke[stream] ?? (pushes[0] as Push).receive
      const taring = (streams[stream] as Stream).tare > 0 && bias === undefined
      return (
        taring ||
        heard < arrival - SILENCE ||
        (kept[stream] as Push[]).some(p => (bursts[stream] ? p.stamp > stamp : p.stamp >= stamp))
      )
    })
  }
  const drain = (now: number): void => {
    while (waiting.length > 0 && complete()) emit(now)
  }
  const expire = (now: number): void => {
    for (;;) {
      const deadline = Math.min(...waiting.map(tick => tick.arrival + WAIT))
      if (!(now > deadline)) return
      while (waiting.some(tick => tick.arrival + WAIT <= deadline)) emit(deadline)
      drain(deadline)
    }
  }

  /**
   * Whether `list` already has this vector. Where the vector shows that samples come in bursts, the repeats are put
   * back.
   */
  const isDuplicate = (push: Push, list: Push[], countAs: (times: number) => void): boolean => {
    const { stream, stamp, value } = push
    const newest = Math.max(...list.map(p => p.stamp))
    if (stamp > newest) repeats[stream] = 0
    const same = list.filter(p => p.stamp === stamp)
    if (stamp === newest && bursts[stream]) return false
    if (same.some(p => p.value === value)) {
      if (stamp === newest) repeats[stream]++
      return true
    }
    if (same.length === 0) return false
    bursts[stream] = true
    if (stamp === newest) {
      list.push(...Array.from({ length: repeats[stream] }, () => same[0] as Push))
      drop('duplicate', -(repeats[stream] as number))
      countAs(repeats[stream] as number)
      repeats[stream] = 0
    }
    return false
  }

  for (const push of pushes) {
    const { stream, stamp, receive, value } = push
    expire(receive)
    const list = kept[stream] as Push[]
    const tare = (streams[stream] as Stream).tare
    if (Number.isNaN(value)) {
      drop('nan')
      continue
    }
    if (stamp > receive + 1e9) {
      drop('future')
      continue
    }
    if (stream !== VOICE) {
      if (stamp < newestOf[stream] - 200 * MS) {
        drop('late')
        continue
      }
      newestOf[stream] = Math.max(newestOf[stream] as number, stamp)
    }
    if (tare > 0) {
      tareEnd[stream] ??= stamp + tare
      if (stamp < (tareEnd[stream] as number)) {
        if (bias === undefined && isDuplicate(push, tared[stream] as Push[], times => drop('tare', times))) {
          drop('duplicate')
          continue
        }
        ;(tared[stream] as Push[]).push(push)
        drop('tare')
        continue
      }
      const first = tared[stream] as Push[]
      if (bias === undefined) repeats[stream] = 0
      bias ??= first.reduce((sum, p) => sum + p.value, 0) / first.length
    }
    if (stream === WRENCH || stream === TOOL) {
      if (isDuplicate(push, list, () => undefined)) {
        drop('duplicate')
        continue
      }
    } else if (list.some(p => p.stamp === stamp && (stream !== VOICE || p.value === value))) {
      drop('duplicate')
      continue
    }
    list.push(push)
    spoke[stream] = receive
    if (stream === RGB) {
      if (stamp <= last) drop('late_tick')
      else waiting = [...waiting, { stamp, arrival: receive }].sort((a, b) => a.stamp - b.stamp)
    }
    drain(receive)
  }
  expire(Infinity)
  return { seen, dropped: Object.fromEntries(Object.entries(dropped).filter(([, times]) => times > 0)) }
}
