import { describe, expect, it } from 'vitest'
import { isCommand, isResume, isStop } from '../../middleware/stop-word.js'

describe('the word stop', () => {
  it.each(['stop', 'Stop!', 'STOP', 'please stop', 'stop it now', 'no, stop', 'halt', 'Stop right now.', '  stop  ', 'stop the robot', 'stop, that is wrong', 'that is enough, stop!', 'wait, stop'])('"%s" stops', text => {
    expect(isStop(text)).toBe(true)
  })

  it.each(['', 'pick the stop sign', 'nonstop', 'do not stop', "don't stop", 'stopwatch', 'the red one', 'gently'])('"%s" does not', text => {
    expect(isStop(text)).toBe(false)
  })

  it('only a word that says so releases a stop', () => {
    expect(isResume('Resume.')).toBe(true)
    expect(isResume('go on')).toBe(true)
    expect(isResume('pick the red one')).toBe(false)
  })

  it('and what releases it command nothing', () => {
    expect(['pick the red one', 'gently', 'do not stop'].map(isCommand)).toEqual([true, true, true])
    expect(['no, stop!', 'resume', ' ', '...'].map(isCommand)).toEqual([false, false, false, false])
  })
})
