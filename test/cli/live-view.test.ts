import { describe, expect, test } from 'vitest'
import { marks } from '../../app/output/terminal-colour.js'
import type { LoopView } from '../../app/session/loop-view.js'
import { draw } from '../../cli/live-view.js'

const STATE: LoopView = {
  title: 'prehend  grasp',
  rgbHz: 30,
  wrenchHz: 1000,
  chunkHz: 30,
  latencyMs: 15,
  force: 1,
  contact: 3,
  overForce: 30,
  contactState: 'free',
  chunks: 12,
  gate: Float32Array.of(0.4, 0.3, 0.2, 0.1),
  widestMm: 85,
  widthMm: 85,
  gripper: 'at position',
  motion: { level: 'ok', message: 'following the policy' },
  tool: { x: 0.1, y: 0, z: 0.3, yaw: 0 },
  said: '',
  results: [true, false],
  typing: '',
}
/** The line that begins with `name`, without its colours. */
const line = (name: string, more: Partial<LoopView>): string =>
  draw({ ...STATE, ...more })
    .map(text => text.replace(marks(), ''))
    .find(text => text.startsWith(name)) ?? ''

describe('the live view', () => {
  test('distinguishes what is not known yet from what does not exist', () => {
    expect(line('gate', { chunks: 0, gate: new Float32Array(0) })).toContain('no answer of the policy yet')
    expect(line('gate', { gate: new Float32Array(0) })).toContain('this policy gives none')
    expect(line('gate', {})).toMatch(/rgb .*0\.40 .*depth .*0\.30 .*force .*0\.20 .*voice .*0\.10/)
    expect(line('gripper', { widthMm: undefined })).toContain('no answer')
    expect(line('gripper', { widthMm: 0, gripper: 'closing' })).toMatch(/ 0 mm {2}closing/)
    expect(line('tool', { tool: undefined })).toContain('no arm')
  })

  test('says in plain words why nothing moves, and explains its own words', () => {
    expect(line('motion', { motion: { level: 'ok', message: 'holding: the wrist sensor is being tared' } })).toContain(
      'the wrist sensor is being tared',
    )
    expect(line('gate:', {})).toMatch(/gate: .*; chunk: .*; latency: /)
  })
})
