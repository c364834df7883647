import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { it } from 'vitest'

/**
 * A real depth camera's and flange sensor's recording. It may not be passed on, so it lies beside the project on some
 * machines only.
 */
const path = fileURLToPath(new URL('../../shared/recordings/real_camera', import.meta.url))

/**
 * Declares the tests that `declare` makes of the recording; where it is not there, a todo in their place, which the
 * summary of `npm test` names.
 */
export function withRealRecording(declare: (bag: string) => void): void {
  if (existsSync(path)) declare(path)
  else it.todo('../shared/recordings/real_camera is not on this machine: it was not read')
}
