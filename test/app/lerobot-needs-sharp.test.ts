import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { LeRobotSet } from '../../app/dataset/lerobot-set.js'
import { readRobot } from '../../app/robot/load-robot.js'
import { Epoch } from '../../fusion/stamp.js'
import { MissingPackageError, type PeerName } from '../../peers/peers.js'

vi.mock('../../peers/peers.js', async original => ({
  ...(await original()),
  requirePeers: (purpose: string, ...names: PeerName[]) => {
    throw new MissingPackageError(purpose, names)
  },
}))

test('a set of videos asks for sharp before its first row, where the robot has a depth camera', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'prehend-set-'))
  const ffmpeg = join(folder, 'ffmpeg')
  writeFileSync(ffmpeg, '#!/bin/sh\necho libx264\n', { mode: 0o755 })
  const out = join(folder, 'set')
  const options = { ffmpeg, size: undefined, room: 80, recordings: [] }
  try {
    expect(() => new LeRobotSet(out, { ...options, pictures: 'png' })).toThrow(MissingPackageError)
    const set = new LeRobotSet(out, { ...options, pictures: 'video' })
    const recording = { path: 'a.mcap', robot: readRobot('cell'), epoch: new Epoch(0), rate: 30 }
    expect(() => set.begin(recording)).toThrow(MissingPackageError)
    await set.discard()
  } finally {
    rmSync(folder, { recursive: true })
  }
})
