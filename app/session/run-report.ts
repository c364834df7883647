import { occurred } from '../../fusion/counters.js'
import { meaningOf } from '../../control/speech/stop-word.js'
import type { EpisodeResult } from './episodes.js'
import type { CellLoop } from './cell-loop.js'
import type { FusionNode } from '../../nodes/fusion-node.js'
import { color } from '../output/terminal-colour.js'
import type { RobotLoop } from './robot-loop.js'
import { complaints } from './run-health.js'

/** The sha256 of a run's observations at reference ticks, and of those at the ticks of a head. */
export interface ObservationSums {
  readonly observations: string
  readonly fast: string
}

/** The object of `prehend run --json`: what a loop counted, and how its episodes ended. */
export function resultOf(loop: CellLoop | RobotLoop, results: readonly EpisodeResult[], sums: ObservationSums) {
  const { meters, fusion, voice, serialStats, control } = loop
  const latency = loop.latencyMs
  const thousandths = (value: number): number => Math.round(value * 1e3) / 1e3
  const ms = (ns: number): number => thousandths(ns / 1e6)
  return {
    episodes: results.length,
    successes: results.filter(r => r.success).length,
    failures: tally(results.filter(r => !r.success).map(r => r.reason ?? 'unknown')),
    rgbFrames: meters.rgb.count,
    depthFrames: meters.depth.count,
    forceSamples: meters.wrench.count,
    voiceEvents: voice.events,
    observations: fusion.aligner.counters.observations,
    observationsSha256: sums.observations,
    incomplete: fusion.aligner.counters.incomplete,
    held: fusion.aligner.counters.held,
    dropped: occurred(fusion.aligner.counters.dropped) as Record<string, number>,
    ...headCounts(loop.fusion, sums.fast),
    chunks: meters.chunk.count,
    policySkipped: fusion.skipped,
    latencyMs: { p50: thousandths(latency.p50), p99: thousandths(latency.p99), max: thousandths(latency.max) },
    ratesHz: { rgb: meters.rgb.mean, depth: meters.depth.mean, wrench: meters.wrench.mean },
    widestStepMs: { rgb: ms(meters.rgb.widest), wrench: ms(meters.wrench.widest) },
    serial: {
      framesSent: serialStats.framesSent,
      framesReceived: serialStats.framesReceived,
      crcErrors: serialStats.crcErrors,
      timeouts: serialStats.timeouts,
    },
    guard: {
      overForce: control.guard.trips,
      watchdog: control.watchdog.trips,
      stops: control.stops,
      refusedChunks: control.refused,
    },
    policy: loop.policyName,
  }
}

/** What a head saw: `fast`, its ticks; `unfed`, those without features. Nothing where the policy is one graph. */
function headCounts({ aligner: { counters }, supply }: FusionNode, sha256: string) {
  const { fast } = counters
  return fast && supply && { fast: { ...fast, sha256, unfed: supply.unfed, encoderSkipped: supply.skipped } }
}

function tally(words: readonly string[]): Record<string, number> {
  const counts = new Map<string, number>()
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
  return Object.fromEntries(counts)
}

/** How an episode ended, in words. In an episode that ends with a stop, winning means that nothing moved. */
function outcomeOf({ success, reason, target, command }: EpisodeResult): string {
  if (reason === 'stopped') return 'stopped'
  if (success) return target === undefined || meaningOf(command) === 'stop' ? 'stood still after "stop"' : 'won'
  return `lost (${reason ?? 'unknown'})`
}

/** How fast a simulator in another process steps, in words. */
export const factorText = (realTimeFactor: number): string =>
  `the simulator steps at ${realTimeFactor.toPrecision(2)} of real time`

/** One episode in a line. */
export function episodeLine(result: EpisodeResult): string {
  return (
    `episode ${result.index + 1}: "${result.command}": ${outcomeOf(result)} after ` +
    `${result.seconds.toFixed(1)} s, peak finger force ${result.peakForce.toFixed(0)} N`
  )
}

/** The result for people. */
export function summary(
  result: ReturnType<typeof resultOf> & { readonly realTimeFactor?: number; readonly lateMs?: number },
  results: readonly EpisodeResult[],
): string[] {
  const mark = (won: boolean): string => (won ? color.green('✔') : color.red('✘'))
  const dropped = Object.entries(result.dropped)
    .filter(([, n]) => n > 0)
    .map(([reason, n]) => `${reason} ${n}`)
    .join(', ')
  const { latencyMs: l, ratesHz: r, widestStepMs: w, serial: s } = result
  const wrong = complaints(result)
  return [
    '',
    ...results.map(
      e =>
        `  ${mark(e.success)} "${e.command}"  ${outcomeOf(e)}  (${e.seconds.toFixed(1)} s, peak finger ` +
        `force ${e.peakForce.toFixed(0)} N)`,
    ),
    '',
    `  episodes ${result.successes} of ${result.episodes} won${
      Object.keys(result.failures).length === 0
        ? ''
        : `; lost: ${Object.entries(result.failures)
            .map(([k, n]) => `${k} ${n}`)
            .join(', ')}`
    }   (${result.policy})`,
    `  rates    rgb-d ${r.rgb.toFixed(2)} Hz (widest step ${w.rgb.toFixed(1)} ms)   wrench ` +
      `${r.wrench.toFixed(1)} Hz (widest step ${w.wrench.toFixed(1)} ms)`,
    `  aligned  ${result.observations} observations of ${result.rgbFrames} frames ` +
      `(${result.incomplete} without a sense, as while the wrist is tared), ${result.chunks} answered ` +
      `by an action chunk, ${result.policySkipped} while the policy was busy; samples not used: ` +
      `${dropped === '' ? 'none' : dropped}`,
    ...(result.fast === undefined
      ? []
      : [
          `  head     ${result.fast.observations} ticks of its own, ${result.fast.unfed} of them without features; the ` +
            `encoder was busy at ${result.fast.encoderSkipped} observations`,
        ]),
    `  latency  reference stamp to last serial byte: p50 ${l.p50.toFixed(1)} ms, p99 ` +
      `${l.p99.toFixed(1)} ms, max ${l.max.toFixed(1)} ms`,
    `  serial   ${s.framesSent} frames sent, ${s.framesReceived} received, ${s.crcErrors} CRC errors, ` +
      `${s.timeouts} timeouts`,
    ...(result.realTimeFactor === undefined ? [] : [`  pace     ${factorText(result.realTimeFactor)}`]),
    `  guards   ${result.guard.overForce} over-force, ${result.guard.stops} stops, watchdog holds: ${Object.entries(
      result.guard.watchdog,
    )
      .map(([k, n]) => `${k} ${n}`)
      .join(', ')}`,
    ...(wrong.length === 0
      ? [`  health   ${color.green('good')}: rates held, nothing was late, no answer was missed`]
      : wrong.map((line, i) => `  ${i === 0 ? 'health  ' : '        '} ${color.yellow(line)}`)),
  ]
}
