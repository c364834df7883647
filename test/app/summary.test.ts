import { describe, expect, test } from 'vitest'
import { summarise } from '../../app/evaluation/summary.js'
import { summary as linesOf } from '../../app/session/run-report.js'
import type { EpisodeResult } from '../../app/session/episodes.js'

const episode = (more: Partial<EpisodeResult>): EpisodeResult => ({
  index: 0,
  command: 'pick the red box',
  correction: undefined,
  target: 'red box',
  fragile: false,
  success: true,
  reason: undefined,
  peakForce: 10,
  seconds: 5,
  ...more,
})
const lost = (reason: NonNullable<EpisodeResult['reason']>, more: Partial<EpisodeResult> = {}): EpisodeResult =>
  episode({ success: false, reason, ...more })

/** statsmodels.stats.proportion.proportion_confint(hits, trials, method='wilson'). */
const WILSON: Record<string, [number, number]> = {
  '5 of 10': [0.23659309051256394, 0.7634069094874361],
  '1 of 10': [0.017876213095072924, 0.40415002679523854],
  '1 of 3': [0.06149194472039626, 0.7923403991979523],
}

describe("a benchmark's summary", () => {
  const egg = { target: 'white egg', fragile: true }
  const stopped = { target: undefined, correction: 'stop' }
  const summary = summarise([
    episode({ seconds: 4 }),
    episode({ seconds: 6 }),
    lost('wrong_object'),
    lost('crushed'),
    episode({ ...egg, seconds: 8, peakForce: 20, correction: 'no, the egg' }),
    lost('crushed', egg),
    lost('dropped', { ...egg, correction: 'no, the white one' }),
    episode({ ...stopped, seconds: 2 }),
    lost('moved_after_stop', stopped),
    episode(stopped),
  ])

  test('counts by object and by reason, each episode once', () => {
    expect(summary).toMatchObject({
      episodes: 10,
      successes: 5,
      rate: 0.5,
      byObject: {
        'red box': { episodes: 4, successes: 2 },
        'white egg': { episodes: 3, successes: 1 },
        '(stop)': { episodes: 3, successes: 2 },
      },
      failures: { wrong_object: 1, crushed: 2, dropped: 1, moved_after_stop: 1 },
    })
  })

  test('names the rates of all episodes, of fragile objects and of stops', () => {
    expect(summary.wrongObject).toMatchObject({ episodes: 1, rate: 0.1 })
    expect(summary.fragile).toMatchObject({ episodes: 3, crushed: 1, rate: 1 / 3 })
    expect(summary.stops).toMatchObject({ episodes: 3, moved: 1, rate: 1 / 3 })
  })

  test('counts corrections to another object; a stop is none', () =>
    expect(summary.corrections).toMatchObject({ episodes: 2, successes: 1, rate: 0.5 }))

  test('has intervals as statsmodels\' proportion_confint(method="wilson") gives them', () => {
    const close = (interval: readonly number[], [low, high]: [number, number]): void => {
      expect(interval[0]).toBeCloseTo(low, 6)
      expect(interval[1]).toBeCloseTo(high, 6)
    }
    close(summary.wilson95, WILSON['5 of 10'])
    close(summary.wrongObject.wilson95, WILSON['1 of 10'])
    close(summary.fragile.wilson95, WILSON['1 of 3'])
  })

  test('takes times and forces from won grasps alone', () => {
    expect(summary.secondsToSuccess).toEqual({ p50: 6, p99: 8, max: 8 })
    expect(summary.peakForce).toEqual({ p50: 10, p99: 20, max: 20 })
  })

  test('of no episodes has zeros', () => {
    expect(summarise([])).toMatchObject({
      episodes: 0,
      rate: 0,
      wilson95: [0, 1],
      fragile: { episodes: 0, crushed: 0, rate: 0 },
      secondsToSuccess: { p50: 0 },
    })
  })
})

describe("a run's summary", () => {
  const textOf = (...args: Parameters<typeof linesOf>): string => linesOf(...args).join('\n')
  const result: Parameters<typeof linesOf>[0] = {
    episodes: 1,
    successes: 1,
    failures: {},
    rgbFrames: 30,
    depthFrames: 30,
    forceSamples: 1000,
    voiceEvents: 1,
    observations: 29,
    observationsSha256: '',
    incomplete: 1,
    held: 0,
    dropped: {},
    chunks: 29,
    policySkipped: 0,
    latencyMs: { p50: 12, p99: 13, max: 14 },
    ratesHz: { rgb: 30, depth: 30, wrench: 1000 },
    widestStepMs: { rgb: 34, wrench: 1 },
    serial: { framesSent: 10, framesReceived: 10, crcErrors: 0, timeouts: 0 },
    guard: { overForce: 0, watchdog: {} as never, stops: 0, refusedChunks: { stale: 0, unusable: 0 } },
    policy: 'expert',
  }

  test('has the pace of a simulator in another process, where there is one', () => {
    expect(textOf({ ...result, realTimeFactor: 0.3456 }, [])).toMatch(
      /^  pace     the simulator steps at 0\.35 of real time$/m,
    )
    expect(textOf(result, [])).not.toMatch(/real time/)
  })

  const health = (more: Partial<typeof result> & { readonly lateMs?: number }): string =>
    textOf({ ...result, ...more }, []).split('  health ')[1] ?? ''

  test('says that all was well where nothing went wrong', () =>
    expect(health({ lateMs: 12, policySkipped: 1 })).toMatch(/good/))

  test.each([
    [{ lateMs: 140 }, 'overload: this machine was up to 140 ms late'],
    [{ policySkipped: 8 }, '28 % of the observations found the policy busy'],
    [
      { guard: { ...result.guard, watchdog: { wrench: 8, camera: 0, policy: 1, person: 0, gripper: 0 } } },
      'held 8 times because no wrench came in time',
    ],
    [{ serial: { ...result.serial, timeouts: 1 } }, 'an answer was missed once'],
    [{ serial: { ...result.serial, crcErrors: 3 } }, '3 broken frames'],
    [{ guard: { ...result.guard, overForce: 2 } }, 'the arm was frozen 2 times'],
  ])('says what was not well and what it means: %j', (more, line) => {
    expect(health(more)).toContain(line)
    expect(health(more)).not.toMatch(/good/)
  })
})
