import type { Ending } from '../output/ending.js'

/** What a run cannot go on without. */
export interface LostPart {
  readonly onPolicyEnded: () => void
  readonly onRecordingLost: () => void
  /** Another part, of which was told before. */
  readonly onPartLost: () => void
  /** Whether one of them was called. */
  readonly isLost: () => boolean
}

/** The callbacks of a loop for the end of its policy and of its recording: each tells so and asks the run to end. */
export function endsWithItsParts(ending: Ending, tell: (line: string) => void): LostPart {
  let lost = false
  const end = (part: string) => (): void => {
    lost = true
    tell(`${part} has ended, so the run ends`)
    ending.ask(part)
  }
  return {
    onPolicyEnded: end('the policy'),
    onRecordingLost: end('the recording'),
    onPartLost: end('a part of it'),
    isLost: () => lost,
  }
}
