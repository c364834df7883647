import { readFileSync } from 'node:fs'
import { describe, expect, it, vi } from 'vitest'
import { parse } from 'yaml'
import { ROBOT_LANGUAGES } from '../../robots/languages.js'
import { LANGUAGES, meaningOf, type Meaning } from '../../control/speech/stop-word.js'
import { drawEpisode } from '../../sim/embedded/episode.js'
import { loadObjects } from '../../sim/objects/object-file.js'

const means =
  (meaning: Meaning) =>
  (said: string, languages?: readonly string[]): boolean =>
    meaningOf(said, languages) === meaning
const [isStop, isResume, isCommand] = [means('stop'), means('resume'), means('command')]

const text = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

describe('the word stop', () => {
  it.each([
    'stop',
    'Stop!',
    'STOP',
    'please stop',
    'stop it now',
    'no, stop',
    'halt',
    'Stop right now.',
    '  stop  ',
    'stop the robot',
    'stop, that is wrong',
    'that is enough, stop!',
    'wait, stop',
    'can you stop moving',
    'i said stop it',
    'that hurts stop it',
    'you have to stop right there',
    'would you please halt for a moment',
    'the arm has to freeze at once please',
    'pick the stop sign',
    "the robot won't stop",
    'it cannot stop',
    'no stop',
    'e-stop',
    'hit the emergency stop now',
  ])('anywhere in a sentence stops: "%s"', said => {
    expect(isStop(said)).toBe(true)
  })

  it.each([
    'Stopp',
    'stopp jetzt',
    'Halt!',
    'sofort anhalten bitte',
    'kannst du bitte anhalten',
    'hör auf',
    'hoer auf damit',
    'Aufhören!',
    'bleib stehen',
    'Not-Aus',
    'du musst jetzt abbrechen',
    '停',
    '停！',
    '停下来',
    '请停止',
    '快停下',
    '住手',
    '别动',
    '你能停一下吗',
    '停止移动机械臂',
    '不要動',
  ])('in German and Chinese: "%s"', said => {
    expect(isStop(said)).toBe(true)
  })

  it.each([
    'halten Sie an',
    'halten Sie bitte an',
    'halte bitte an',
    'halte den Arm an',
    'halte den Arm still',
    'haltet sofort an',
    'hör sofort auf',
    'hören Sie auf',
    'Hören Sie bitte sofort auf damit',
    'hört auf',
    'hoert auf',
    'bleiben Sie stehen',
    'bleib bitte stehen',
    'brich ab',
    'brechen Sie den Griff ab',
    'Not-Halt',
    'Not-Stopp',
    'not-stop',
    'nicht anhalten! halte sofort an',
  ])('in German with the particle later: "%s"', said => {
    expect(isStop(said)).toBe(true)
  })

  it.each([
    'halte nicht an',
    'halten Sie den Arm nicht an',
    'hör nicht auf',
    'bleib nicht stehen',
    'brich nicht ab',
    'hör zu, heb es auf',
    'heb das dort auf',
    'nimm das auf',
    'halte den Stiel fest',
    'die Höhe ist gut, mach auf',
    'brich das Licht',
  ])('and not without it, nor negated: "%s"', said => {
    expect(isStop(said)).toBe(false)
  })

  it.each([
    '马上stop',
    '机器人stop',
    'stop一下',
    '快点halt',
    '请马上stop!',
    'Roboter停',
    '立刻halt吧',
    '特别stop',
    '特别要停',
  ])('in two scripts beside each other: "%s"', said => {
    expect(isStop(said)).toBe(true)
  })

  it.each([
    '别别动',
    '别 别动',
    '不要不要动',
    '不要 不要 动',
    '别再动',
    '不准动',
    '别动那个红的',
    "don't move",
    'don’t move!',
    'do not move',
    'do not do not move',
    "don't don't move",
    "please don't you move",
    'nobody move',
    'nicht bewegen',
    'bitte nicht nicht bewegen',
    'keine Bewegung',
    'Keine Bewegung mehr!',
    'beweg dich nicht',
    'bitte nicht mehr bewegen',
  ])('is what forbids to move, however often: "%s"', said => {
    expect(isStop(said)).toBe(true)
  })

  it.each([
    'stpo',
    'sotp',
    'tsop',
    'stoppp it',
    'stooooop',
    'STOPPPP',
    'stop!!!',
    'stp',
    'stip the robot',
    'hlat',
    'frezee',
    'feeze',
    'abrot',
    'stopstop',
    's t o p',
    'S.T.O.P',
    'i said s t o p',
    'ＳＴＯＰ',
    'stóp',
    's\u0301top',
    's\u200bt\u200bop',
    'st\u00adop',
    '\u202estop\u202c',
    'stop_it',
    '*stop*',
    'and then,stop',
    'sstop',
    'halrt',
    'abbort',
  ])('misspelt or hidden by one letter: "%s"', said => {
    expect(isStop(said)).toBe(true)
  })

  it.each([
    '',
    '...',
    'do not stop',
    "don't stop",
    'don’t stop',
    'dont stop',
    'don t stop',
    'never stop',
    'please do not halt',
    "don't stpo",
    'nicht anhalten',
    'bitte nicht stoppen',
    'niemals anhalten',
    '不要停',
    '别停',
    '别 停',
    '別停下',
    '请不要停止',
    '不用停',
    '别stop',
    '请不要 stop',
  ])('negated right before does not: "%s"', said => {
    expect(isStop(said)).toBe(false)
  })

  it.each([
    'do not stop, no wait, stop',
    "don't! stop!",
    'not. stop',
    'do not you dare, stop',
    "no don't, stop it",
    '不要！停！',
    '别停，停！',
    'nicht! stopp!',
    'do not pick that stop',
  ])('negated elsewhere does: "%s"', said => {
    expect(isStop(said)).toBe(true)
  })

  it.each([
    'nonstop',
    'stopwatch',
    'the red one',
    'gently',
    'step back',
    'the top one',
    'go to the shop',
    'about the box',
    'half of it',
    'the salt',
    'the hat',
    'the spot on top',
    'drop it',
    'a slot',
    'the hall',
    'store it',
    'malt',
    'breeze',
    'stoop',
    'atop the box',
    'do it once more',
    "I don't love it",
    "the red one won't move",
    'a font move',
    'move the red one',
    'nobody moved it',
    'stopfen',
    'steppen',
    'die Haut',
    'der Halm',
    'Anhalter',
    'aufholen',
    'er galt',
    'eine kleine Bewegung',
    'eine Bewegung nach links',
    'das Licht bewegen',
    'der Stör',
    'anbrechen',
    'der Topf',
    'halb voll',
    'das alte Ding',
    'kalt',
    'halte das rote Ding fest',
    '红色的',
    '拿起蓝色的盒子',
    '请轻轻拿',
  ])('is not in "%s"', said => {
    expect(isStop(said)).toBe(false)
  })

  it('counts as said in a text that is too long for speech; below that, ten times the words take ten times the time', () => {
    expect(isStop('the red one '.repeat(1000))).toBe(true)
    expect(isResume(`resume${' '.repeat(10_000)}`)).toBe(false)
    const joined = vi.spyOn(Array.prototype, 'join')
    const workFor = (words: number): number => {
      joined.mockClear()
      expect(isStop('ab '.repeat(words))).toBe(false)
      return joined.mock.results.reduce((sum, { value }) => sum + String(value).length, 0)
    }
    const [some, more] = [workFor(130), workFor(1300)]
    joined.mockRestore()
    expect(more).toBeLessThanOrEqual(11 * some)
  })

  it('is in the stops of the cell but in none of its commands, and in no word of the policy but the stop words', () => {
    const phrases = parse(text('policy/phrases.yaml')) as string[]
    for (const set of ['seen', 'unseen', 'sim/objects/heavy.yaml', 'policy/alike.yaml', 'policy/household.yaml']) {
      const models = loadObjects(set)
      for (const { name, colour } of models)
        for (const said of [
          name,
          colour,
          `no, the ${colour} one`,
          ...phrases.map(phrase => phrase.replaceAll('{name}', name)),
        ])
          expect(isStop(said), said).toBe(false)
      for (let index = 0; index < 300; index++) {
        const { command, correction, target } = drawEpisode(models, 1, index, {}).setup
        expect(isStop(command), command).toBe(false)
        if (correction) expect(isStop(correction.text), correction.text).toBe(target === undefined)
      }
    }
    const vocabulary = JSON.parse(text('policy/vocabulary.json')) as string[]
    expect(vocabulary.filter(word => isStop(word))).toEqual(['stop', 'halt', 'freeze', 'abort'])
  })

  it('counts in the languages that are named', () => {
    expect(isStop('停', ['en', 'de'])).toBe(false)
    expect(isStop('anhalten', ['en'])).toBe(false)
    expect(isStop('stop', ['de'])).toBe(true)
    expect(isStop('hol den Topf und halb', ['de'])).toBe(false)
    expect(isResume('weiter', ['en'])).toBe(false)
    expect(() => isStop('stop', ['xx'])).toThrow(/language "xx": not known/)
    expect([...ROBOT_LANGUAGES]).toEqual(LANGUAGES)
  })

  it('only a text that is nothing but a release releases a stop', () => {
    for (const said of ['Resume.', 'go on', 'Weiter!', '继续', 'mach weiter', '  continue '])
      expect(isResume(said), said).toBe(true)
    for (const said of [
      'pick the red one',
      'can you resume',
      'do not resume',
      'resum',
      'resume the red one',
      'weiter so nicht',
      '不要继续',
      '继续吗',
    ])
      expect(isResume(said), said).toBe(false)
  })

  it('and a release are no commands', () => {
    expect(['pick the red one', 'gently', 'do not stop', '红色的'].map(said => isCommand(said))).toEqual([
      true,
      true,
      true,
      true,
    ])
    expect(['no, stop!', 'resume', ' ', '...', '停', '继续'].map(said => isCommand(said))).toEqual([
      false,
      false,
      false,
      false,
      false,
      false,
    ])
  })
})
