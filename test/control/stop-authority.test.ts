import { describe, expect, it } from 'vitest'
import { SAID_BY_GOAL, saidIn, SCRIPTED } from '../../control/speech/said.js'
import { StopAuthority, stopperOf, STOPS, type Stopper } from '../../control/state/stop-authority.js'

const STOPPERS = Object.keys(STOPS) as Stopper[]
const pairs = STOPPERS.flatMap(first => STOPPERS.map(second => [first, second] as const))

describe('an utterance', () => {
  it.each([
    ['stop', '', 'stop', 'somebody', 'somebody'],
    ['no, stop!', SCRIPTED, 'stop', 'script', 'script'],
    ['resume', SAID_BY_GOAL, 'resume', 'goal', 'somebody'],
    ['pick the red cylinder', 'operator', 'command', 'somebody', 'somebody'],
    ['?!', SCRIPTED, 'other', 'script', 'script'],
  ] as const)('"%s" of "%s" is read once: %s by %s', (text, frameId, meaning, by, stopper) => {
    const said = saidIn({ text, frameId })
    expect(said).toEqual({ text, meaning, by })
    expect(stopperOf(said)).toBe(stopper)
  })

  it("without stamps is somebody's, and one without a text says nothing", () => {
    expect(saidIn({ data: 'stop' })).toEqual({ text: 'stop', meaning: 'stop', by: 'somebody' })
    expect(saidIn({})).toEqual({ text: '', meaning: 'other', by: 'somebody' })
  })

  it('is read in the languages that count', () => {
    expect(saidIn({ text: 'anhalten' }, ['en']).meaning).toBe('command')
    expect(saidIn({ text: 'weiter' }, ['de']).meaning).toBe('resume')
  })
})

describe('a stop', () => {
  it.each(STOPPERS)('by %s outlives what the table says', by => {
    const authority = new StopAuthority()
    authority.stop(by, { stopped: false })
    expect(authority.stands).toBe(STOPS[by].outlivesEpisodes)
    expect(authority.endedByGoal).toBe(STOPS[by].endedByGoal)
    authority.resume()
    expect(authority.stands).toBe(false)
  })

  it.each(pairs)('by %s with one by %s beside it is ended by what ends both', (first, second) => {
    const authority = new StopAuthority()
    authority.stop(first, { stopped: false })
    authority.stop(second, { stopped: true })
    expect(authority.stands).toBe(STOPS[first].outlivesEpisodes || STOPS[second].outlivesEpisodes)
    expect(authority.endedByGoal).toBe(STOPS[first].endedByGoal && STOPS[second].endedByGoal)
  })

  it("by a goal leaves no word to the next goal: a stop that somebody says later is somebody's", () => {
    for (const resumed of [false, true]) {
      const authority = new StopAuthority()
      authority.stop('goal', { stopped: false })
      if (resumed) authority.resume()
      authority.hear(saidIn({ text: 'stop' }))
      expect([authority.stands, authority.endedByGoal], String(resumed)).toEqual([true, false])
    }
  })

  it("that is heard while there is no motion stands all the same; the script's does not", () => {
    const authority = new StopAuthority()
    authority.hear(saidIn({ text: 'stop', frameId: SCRIPTED }))
    expect(authority.stands).toBe(false)
    authority.hear(saidIn({ text: 'stop' }))
    authority.hear(saidIn({ text: 'pick the red cylinder' }))
    expect(authority.stands).toBe(true)
    authority.hear(saidIn({ text: 'resume' }))
    expect(authority.stands).toBe(false)
  })
})
