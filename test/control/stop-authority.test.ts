import { describe, expect, it } from 'vitest'
import { saidIn } from '../../control/speech/said.js'
import { StopAuthority, stopperOf, STOPS, type Stopper } from '../../control/state/stop-authority.js'

const STOPPERS = Object.keys(STOPS) as Stopper[]
const pairs = STOPPERS.flatMap(first => STOPPERS.map(second => [first, second] as const))

describe('an utterance', () => {
  it.each([
    ['stop', 'somebody', 'stop', 'somebody', 'somebody'],
    ['no, stop!', 'script', 'stop', 'script', 'script'],
    ['resume', 'goal', 'resume', 'goal', 'somebody'],
    ['pick the red cylinder', undefined, 'command', 'somebody', 'somebody'],
    ['?!', 'script', 'other', 'script', 'script'],
  ] as const)('"%s" of "%s" is read once: %s by %s', (text, speaker, meaning, by, stopper) => {
    const said = saidIn({ text, ...(speaker && { speaker }) })
    expect(said).toEqual({ text, meaning, by })
    expect(stopperOf(said)).toBe(stopper)
  })

  it("without a speaker counts as somebody's, and one without a text means nothing", () => {
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

  it.each(pairs)('by %s together with one by %s ends when both have ended', (first, second) => {
    const authority = new StopAuthority()
    authority.stop(first, { stopped: false })
    authority.stop(second, { stopped: true })
    expect(authority.stands).toBe(STOPS[first].outlivesEpisodes || STOPS[second].outlivesEpisodes)
    expect(authority.endedByGoal).toBe(STOPS[first].endedByGoal && STOPS[second].endedByGoal)
  })

  it('by a goal does not let the next goal end a stop that somebody says later', () => {
    for (const resumed of [false, true]) {
      const authority = new StopAuthority()
      authority.stop('goal', { stopped: false })
      if (resumed) authority.resume()
      authority.hear(saidIn({ text: 'stop' }))
      expect([authority.stands, authority.endedByGoal], String(resumed)).toEqual([true, false])
    }
  })

  it('that is heard while there is no motion counts too, unless the script says it', () => {
    const authority = new StopAuthority()
    authority.hear(saidIn({ text: 'stop', speaker: 'script' }))
    expect(authority.stands).toBe(false)
    authority.hear(saidIn({ text: 'stop' }))
    authority.hear(saidIn({ text: 'pick the red cylinder' }))
    expect(authority.stands).toBe(true)
    authority.hear(saidIn({ text: 'resume' }))
    expect(authority.stands).toBe(false)
  })
})
