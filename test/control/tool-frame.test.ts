import { describe, expect, it } from 'vitest'
import { ToolFrame } from '../../control/arm/tool-frame.js'

const MS = 1e6

/** For each frame, one every 4 ms, whether it is believed, and the lines that are reported. */
function heard(
  frames: readonly string[],
  frame?: ToolFrame,
): { readonly taken: readonly boolean[]; readonly told: readonly string[] } {
  const told: string[] = []
  const judge = frame ?? new ToolFrame(text => told.push(text))
  return { taken: frames.map((id, i) => judge.takes(id, i * 4 * MS)), told }
}

describe("the frame of the tool's poses", () => {
  it('is that of the first pose; one odd pose per second is dropped alone', () => {
    expect(heard(['base', 'base', 'base_link', 'base', 'base'])).toEqual({
      taken: [true, true, false, true, true],
      told: [],
    })
  })

  it.each([
    ['in turn', ['base', 'base_link', 'base', 'base_link', 'base', 'base_link']],
    ['in pairs', ['base', 'base', 'base_link', 'base_link', 'base', 'base', 'base_link', 'base_link']],
    ['from some time on', ['base', 'base', 'base_link', 'base_link', 'base_link', 'base_link']],
    ['that count', ['1', '2', '3', '4', '5']],
  ])('is unknown, which is reported in one line, where other frames come %s', (_what, frames) => {
    const { taken, told } = heard(frames)
    const second = frames.findIndex(
      (_id, i) => frames.slice(0, i + 1).filter(other => other !== frames[0]).length === 2,
    )
    expect(taken.slice(second)).not.toContain(true)
    expect(taken.filter((took, i) => took && frames[i] !== frames[0])).toEqual([])
    expect(told).toEqual([expect.stringContaining(`frame_id is "${frames[0]}" and "`)])
  })

  it('is believed again after a second alone, and another one from an episode on', () => {
    const frame = new ToolFrame(undefined)
    const { taken } = heard(['base', 'base_link', 'base_link', ...Array<string>(300).fill('base')], frame)
    expect(taken.indexOf(true, 1)).toBe(2 + 251)
    frame.restart()
    expect(frame.takes('base_link', 3e9)).toBe(true)
    expect(frame.takes('base', 3.1e9)).toBe(false)
  })
})
