import { expect, test } from 'vitest'
import { Aligner } from '../../fusion/aligner.js'
import { Arrivals } from '../../nodes/intake/arrivals.js'
import { heardTopics, inlets } from '../../nodes/intake/inlets.js'
import { MS, robot, rgb, tool, wrench } from '../fusion/robots.js'

const spec = robot([rgb, wrench, tool], { reset: { topic: '/episode' } })

function fed(onReset?: (receive: number, resets: number) => void) {
  const aligner = new Aligner(spec, () => undefined)
  let resets = 0
  const reset = aligner.reset.bind(aligner)
  aligner.reset = receive => {
    resets++
    reset(receive)
  }
  const arrivals = new Arrivals(spec, aligner, { onError: () => undefined })
  const all = inlets({ robot: spec, aligner, arrivals, onReset: receive => onReset?.(receive, resets) })
  return { all, aligner, resets: () => resets }
}

test('announcements come first, then the streams in the order of the robot file', () => {
  const { all } = fed()
  expect(all.map(({ kind, topic }) => `${kind} ${topic}`)).toEqual([
    'reset /episode',
    ...spec.streams.map(({ topic }) => `stream ${topic}`),
  ])
  expect(all.map(({ topic, type }) => ({ topic, type }))).toEqual(heardTopics(spec))
  expect(heardTopics(robot([wrench])).map(({ topic }) => topic)).toEqual([wrench.topic])
})

test('each takes the messages of its stream, and counts there what it refuses', () => {
  const { all, aligner } = fed()
  const inlet = all.find(({ topic }) => topic === wrench.topic)
  const message = { stamp: MS, frameId: 'wrist', wrench: new Float64Array(6) }
  expect(inlet?.take(message as never, MS)).toBe(true)
  inlet?.refuse('bad_type')
  expect(aligner.counters.streams.get('wrench')).toMatchObject({ accepted: 1, dropped: { bad_type: 1 } })
})

test('an announcement resets the aligner and is reported right before; a refused one does nothing', () => {
  const told: number[][] = []
  const { all, resets } = fed((receive, before) => told.push([receive, before]))
  const announcements = all.find(({ kind }) => kind === 'reset')
  announcements?.refuse('log_time')
  expect(resets()).toBe(0)
  expect(announcements?.take({ data: '{}' } as never, 7)).toBe(true)
  expect([resets(), told]).toEqual([1, [[7, 0]]])
})
