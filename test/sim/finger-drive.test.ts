import { expect, test } from 'vitest'
import { FingerDrive } from '../../sim/embedded/finger-drive.js'

test('fingers that are placed anew remember no command', () => {
  const [used, fresh] = [new FingerDrive(), new FingerDrive()]
  used.command({ width: 0, speed: 0.02, force: 3 })
  for (let step = 0; step < 50; step++) used.drive()
  used.reset()
  // Something pushes them together, then lets them spring open: at first the force is the limit, then the speed.
  for (const [opening, rate] of [
    [0.02, -2],
    [0.02, 0],
    [0.06, 0.5],
  ] as const) {
    for (const fingers of [used, fresh]) Object.assign(fingers, { opening, rate })
    for (let step = 0; step < 20; step++) expect(used.drive()).toBe(fresh.drive())
  }
})
