import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { EvenSample } from '../../app/evaluation/even-sample.js'
import { page, type PageContents } from '../../app/evaluation/report/page.js'
import { Candidates, shownOf } from '../../app/evaluation/shown.js'
import { summarise } from '../../app/evaluation/summary.js'
import type { EpisodeTrace } from '../../app/evaluation/trace.js'
import type { EpisodeResult } from '../../app/session/episodes.js'
import { python, temporaryFolder } from '../e2e/prehend.js'

const folder = temporaryFolder()
const HOSTILE = '<script>alert("x")</script>&amp;\'</style>'
const PIXEL = 'UklGRiQAAABXRUJQVlA4IBgAAAAwAQCdASoBAAEAAgA0JaQAA3AA/vuUAAA='

const episode = (index: number, reason?: EpisodeResult['reason']): EpisodeResult => ({
  index,
  command: 'pick the red box',
  correction: undefined,
  target: 'red box',
  fragile: false,
  success: reason === undefined,
  reason,
  peakForce: 31,
  seconds: 5,
})
const traceOf = (index: number, more: Partial<EpisodeTrace> = {}): EpisodeTrace => ({
  index,
  objects: ['red box'],
  crush: 36,
  at: [0, 0.033, 0.066],
  force: [0, 2, 1],
  press: [0, 10, 30],
  gate: [
    [0.1, 0.2],
    [0.2, 0.2],
    [0.3, 0.3],
    [0.4, 0.3],
  ],
  said: [{ at: 0, text: 'pick the red box' }],
  pictures: [
    { at: 0, webp: PIXEL },
    { at: 0.066, webp: PIXEL },
  ],
  ...more,
})
const reportOf = (
  results: readonly EpisodeResult[],
  traces: readonly EpisodeTrace[],
  more: Partial<PageContents['options']> = {},
): PageContents => ({
  options: {
    episodes: results.length,
    seed: 7,
    objects: 'seen',
    robot: 'cell',
    source: 'sim',
    without: [],
    jobs: 1,
    first: 0,
    trace: true,
    ...more,
  },
  provenance: {
    model: 'grasp.onnx',
    precision: 'fp32',
    modelSha256: 'ab'.repeat(32),
    trainingCommit: 'cd'.repeat(20),
    robot: 'cell',
    robotSha256: 'ef'.repeat(32),
  },
  summary: summarise(results),
  results,
  traces,
  meanInferenceMs: 4,
  wallS: 10,
  execution: 'receding_horizon',
  date: new Date(0),
})

/**
 * What an independent parser reads from a page: its tags with their number, attributes that could load or run
 * something, and the text.
 */
const PARSER = `
import json, sys
from html.parser import HTMLParser
class Reader(HTMLParser):
    VOID = {'meta', 'img', 'link', 'br'}
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.tags, self.loads, self.text, self.open, self.wrong = {}, [], [], [], []
    def handle_starttag(self, tag, attrs):
        self.tags[tag] = self.tags.get(tag, 0) + 1
        self.loads += [v for k, v in attrs if k in ('src', 'href', 'srcset', 'data') or k.startswith('on')]
        if tag not in self.VOID: self.open.append(tag)
    def handle_startendtag(self, tag, attrs): self.tags[tag] = self.tags.get(tag, 0) + 1
    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag: self.wrong.append(tag)
    def handle_data(self, data):
        if self.open and self.open[-1] != 'style': self.text.append(data)
reader = Reader()
reader.feed(open(sys.argv[1], encoding='utf8').read())
print(json.dumps({'tags': reader.tags, 'loads': reader.loads, 'text': ' '.join(' '.join(reader.text).split()), 'open': reader.open, 'wrong': reader.wrong}))
`

describe('a report', () => {
  const lost = { ...episode(1, 'crushed'), command: HOSTILE, target: HOSTILE }
  const report = reportOf(
    [episode(0), lost, episode(2, 'timeout')],
    [
      traceOf(0),
      traceOf(1, { objects: [HOSTILE], said: [{ at: 0, text: HOSTILE }] }),
      traceOf(2, { at: [], force: [], press: [], gate: [], pictures: [] }),
    ],
    { objects: HOSTILE, phrases: HOSTILE, without: [{ modality: 'rgb', from: 5e7 }] },
  )
  const text = page(report)
  const path = join(folder, 'report.html')
  writeFileSync(path, text)
  const read = JSON.parse(python(PARSER, path)) as {
    tags: Record<string, number>
    loads: string[]
    text: string
    open: string[]
    wrong: string[]
  }

  test('is well formed, runs nothing and loads nothing', () => {
    expect([read.open, read.wrong]).toEqual([[], []])
    expect(read.tags.script).toBeUndefined()
    expect(read.tags.img).toBe(4)
    for (const load of read.loads) expect(load).toMatch(/^data:image\/webp;base64,/)
    expect(text).toContain(`default-src 'none'`)
  })

  test('shows every text as it is, whatever it is', () => {
    expect(read.text.split(HOSTILE).length - 1).toBeGreaterThanOrEqual(8)
    expect(text).not.toContain('<script')
  })

  test('names rates with their intervals, reasons, and what was run', () => {
    for (const part of [
      '33.3\u00a0%',
      '1 of 3',
      '6.1 to 79.2\u00a0%',
      'crushed',
      'timeout',
      'ab'.repeat(32),
      'cd'.repeat(20),
      'ef'.repeat(32),
      'rgb@0.05s',
      '<dt>execution</dt><dd>receding_horizon</dd>',
      'crush limit 36 N',
      '(not seen)',
    ]) {
      expect(`${read.text} ${text}`, part).toContain(part)
    }
  })

  test('has only numbers in its drawings, even of an episode without a frame', () => {
    expect(text).not.toMatch(/NaN|Infinity|undefined/)
  })
})

describe('what a report shows', () => {
  const reasons = [
    'timeout',
    'timeout',
    'wrong_object',
    ...Array.from({ length: 20 }, () => 'timeout' as const),
    'crushed',
  ] as const
  const results = [
    episode(0),
    ...reasons.map((reason, i) => episode(i + 1, reason)),
    ...Array.from({ length: 5 }, (_, i) => episode(30 + i)),
  ]

  test('is 12 lost episodes, with the first of each reason before others, and 3 won grasps', () => {
    const candidates = new Candidates()
    const traces = results.filter(result => candidates.takes(result)).map(({ index }) => traceOf(index))
    expect(traces).toHaveLength(3 + 12 + 1 + 1)
    const { lost, won } = shownOf(results, traces)
    expect(lost.map(({ result }) => result.index)).toEqual([1, 3, 24, 2, 4, 5, 6, 7, 8, 9, 10, 11])
    expect(won.map(({ result }) => result.index)).toEqual([0, 30, 31])
  })

  test('is no grasp where the command was stopped', () => {
    expect(new Candidates().takes({ ...episode(0), target: undefined })).toBe(false)
  })
})

test('an even sample has the first, the last, and steps that differ by one stride at most', () => {
  for (const length of [1, 5, 8, 63, 64, 65, 200, 361, 5000]) {
    const sample = new EvenSample<number>(64)
    for (let i = 0; i < length; i++) sample.add(i)
    const picked = sample.pick(8)
    expect(picked).toHaveLength(Math.min(8, length))
    expect([picked[0], picked.at(-1)]).toEqual([0, length - 1])
    const steps = picked.slice(1).map((value, i) => value - picked[i])
    expect(Math.min(...steps, Infinity)).toBeGreaterThan(0)
    if (length > 8) expect(Math.max(...steps) / (length / 7)).toBeLessThan(1.5)
  }
})
