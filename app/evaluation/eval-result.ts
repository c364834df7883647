import type { EpisodeResult } from '../session/episodes.js'
import { factorText } from '../session/run-report.js'
import { resultOf } from './eval-registry.js'
import type { Evaluated } from './evaluation.js'
import type { Rate } from './summary.js'

/** What `eval --json` prints. */
export function evalResult({
  options,
  provenance,
  summary,
  meanInferenceMs,
  wallS,
  simulatedS,
  crcErrors,
  realTimeFactor,
}: Evaluated): object {
  return {
    ...summary,
    meanInferenceMs,
    ...provenance,
    ...resultOf(options),
    wallS,
    simulatedS,
    serial: { crcErrors },
    ...(realTimeFactor === undefined ? {} : { realTimeFactor }),
  }
}

/** What `eval` prints for people. */
export function evalLines({
  provenance: { model, precision },
  summary,
  meanInferenceMs,
  wallS,
  simulatedS,
  crcErrors,
  realTimeFactor,
}: Evaluated): string[] {
  const {
    episodes,
    successes,
    byObject,
    failures,
    wrongObject,
    fragile,
    stops,
    corrections,
    peakForce,
    secondsToSuccess,
  } = summary
  const percent = ({ rate, wilson95 }: Rate): string =>
    `${(rate * 100).toFixed(1)} % (95 % interval ${wilson95.map(v => (v * 100).toFixed(1)).join(' to ')})`
  return [
    `${successes} of ${episodes} episodes won: ${percent(summary)}`,
    ...Object.entries(byObject)
      .sort()
      .map(([name, o]) => `  ${name}: ${o.successes} of ${o.episodes}`),
    `lost: ${
      Object.entries(failures)
        .map(([reason, n]) => `${reason} ${n}`)
        .join(', ') || 'none'
    }`,
    `wrong object lifted: ${wrongObject.episodes} of ${episodes}; fragile object crushed: ` +
      `${fragile.crushed} of ${fragile.episodes}; motion after "stop": ${stops.moved} of ` +
      `${stops.episodes}`,
    `won after a correction to another object: ${corrections.successes} of ${corrections.episodes}`,
    `time to success: p50 ${secondsToSuccess.p50.toFixed(1)} s, p99 ` +
      `${secondsToSuccess.p99.toFixed(1)} s; peak finger force then: p50 ${peakForce.p50.toFixed(0)} N, ` +
      `p99 ${peakForce.p99.toFixed(0)} N`,
    `model ${model} (${precision}), ${meanInferenceMs.toFixed(2)} ms an inference, ` +
      `${(simulatedS / wallS).toFixed(1)} simulated seconds a second`,
    ...(crcErrors > 0 ? [`${crcErrors} CRC errors on the gripper's wire`] : []),
    ...(realTimeFactor === undefined ? [] : [factorText(realTimeFactor)]),
  ]
}

/** A line of `--results`. The order of its fields does not depend on the process that ran the episode. */
export function resultLine({
  index,
  command,
  correction,
  target,
  fragile,
  success,
  reason,
  peakForce,
  seconds,
}: EpisodeResult): string {
  return JSON.stringify({
    index,
    command,
    correction: correction ?? null,
    target: target ?? null,
    fragile,
    success,
    reason: reason ?? null,
    peakForce,
    seconds,
  })
}
