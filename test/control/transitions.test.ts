import { readFileSync } from 'node:fs'
import { describe, expect, it, test } from 'vitest'
import { ALL_HOLDS, HOLDS, PASSING_HOLDS, type Hold } from '../../control/state/holds.js'
import {
  ACTORS,
  CONDITIONS,
  EVENTS,
  nextHold,
  TRANSITIONS,
  transitionOf,
  type ConditionName,
  type Situation,
  type Transition,
} from '../../control/state/transitions.js'
import { controlStatesPage } from '../../scripts/control-states-page.js'

/** A situation in which nothing holds the motion. */
const CLEAR: Situation = {
  stopStands: false,
  activationLost: false,
  armFaulty: false,
  silent: undefined,
  tared: true,
  toolKnown: true,
  tilted: false,
  commanded: true,
  planned: true,
}

/** For each condition, what makes it true and no other. */
const ALONE: Readonly<Record<ConditionName, Partial<Situation>>> = {
  stop_stands: { stopStands: true },
  activation_lost: { activationLost: true },
  arm_faulty: { armFaulty: true },
  wrench_silent: { silent: 'wrench' },
  camera_silent: { silent: 'camera' },
  policy_silent: { silent: 'policy' },
  person_silent: { silent: 'person' },
  gripper_silent: { silent: 'gripper' },
  not_tared: { tared: false },
  tool_unknown: { toolKnown: false },
  tilted: { tilted: true },
  not_commanded: { commanded: false },
  no_plan: { planned: false },
}

const situationOf = ({ when }: Transition): Situation => ({ ...CLEAR, ...(when && ALONE[when]) })
const rows = TRANSITIONS.map(
  row => [`${row.event} from ${row.from.join(', ')} where ${row.when ?? 'anything'}`, row] as const,
)

describe('the table of transitions', () => {
  it('has conditions that can each hold alone', () => {
    for (const [name, change] of Object.entries(ALONE)) {
      const holding = Object.entries(CONDITIONS).filter(([, { holds }]) => holds({ ...CLEAR, ...change }))
      expect(holding.map(([found]) => found)).toEqual([name])
    }
    expect(Object.keys(ALONE).sort()).toEqual(Object.keys(CONDITIONS).sort())
  })

  it.each(rows)('makes this transition: %s', (_name, row) => {
    for (const from of row.from) {
      expect(transitionOf(from, row.event, situationOf(row))).toBe(row)
      expect(nextHold(from, row.event, situationOf(row))).toBe(row.to)
    }
  })

  it('reaches every state, uses every event, every condition and every actor', () => {
    expect(new Set(TRANSITIONS.map(({ to }) => to))).toEqual(new Set(ALL_HOLDS))
    expect(new Set(TRANSITIONS.map(({ event }) => event))).toEqual(new Set(Object.keys(EVENTS)))
    expect(new Set(TRANSITIONS.flatMap(({ by }) => by))).toEqual(new Set(Object.keys(ACTORS)))
    expect(new Set(TRANSITIONS.flatMap(({ when }) => when ?? []))).toEqual(new Set(Object.keys(CONDITIONS)))
    expect(ALL_HOLDS).toEqual(Object.keys(HOLDS))
  })

  it('leaves a stop only by a resume, or by an episode where no stop outlives it', () => {
    const out = TRANSITIONS.filter(({ from, to }) => from.includes('stop') && to !== 'stop')
    expect(out.map(({ event, to, by }) => [event, to, by])).toEqual([
      ['resume', 'no_chunk', ['somebody', 'script', 'goal']],
      ['begin', 'no_chunk', ['announcer']],
    ])
    expect(nextHold('stop', 'begin', { ...CLEAR, stopStands: true })).toBe('stop')
    expect(nextHold('stop', 'step', CLEAR)).toBeUndefined()
  })

  it('leads to motion only by a step, and only where nothing holds', () => {
    expect(TRANSITIONS.filter(({ to }) => to === 'none').map(({ event }) => event)).toEqual(['step'])
    for (const [name, change] of Object.entries(ALONE)) {
      if (name === 'stop_stands') continue
      for (const from of PASSING_HOLDS) expect(nextHold(from, 'step', { ...CLEAR, ...change })).not.toBe('none')
    }
  })

  it('checks the reasons of a step in a fixed order', () => {
    const all: Situation = {
      stopStands: true,
      activationLost: true,
      armFaulty: true,
      silent: 'camera',
      tared: false,
      toolKnown: false,
      tilted: true,
      commanded: false,
      planned: false,
    }
    const found: Hold[] = []
    let situation = all
    const mended: Partial<Situation>[] = [
      { armFaulty: false },
      { silent: undefined },
      { activationLost: false },
      { tared: true },
      { toolKnown: true },
      { tilted: false },
      { commanded: true },
      { planned: true },
    ]
    for (const change of [{}, ...mended]) {
      situation = { ...situation, ...change }
      found.push(nextHold('none', 'step', situation) ?? 'none')
    }
    expect(found).toEqual(['arm', 'camera', 'gripper', 'tare', 'tool', 'tilt', 'command', 'no_chunk', 'none'])
  })

  it('does nothing on a resume where nothing is stopped and the gripper is activated', () => {
    for (const from of PASSING_HOLDS) expect(nextHold(from, 'resume', CLEAR)).toBeUndefined()
  })
})

test('docs/reference/control-states.md is current (npx tsx scripts/control-states.ts writes it)', () => {
  const page = readFileSync(new URL('../../docs/reference/control-states.md', import.meta.url), 'utf8')
  expect(page).toBe(controlStatesPage())
})
