// An SO-101 and its leader without a robot: emulated servos on two pseudo-terminals, for the tutorial
// "your robot in an hour". A hand waves the leader. Ctrl-C ends it; so does the number of seconds that is given.
import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { startEmulatedArm } from 'prehend/testing'

const [folder = '/tmp/arms', seconds] = process.argv.slice(2)
const follower = startEmulatedArm({ angles: [0, -1.2, 1.2, 0.8, 0, 0.2] })
const leader = startEmulatedArm()
mkdirSync(folder, { recursive: true })
for (const [name, { path }] of Object.entries({ follower, leader })) {
  rmSync(join(folder, name), { force: true })
  symlinkSync(path, join(folder, name))
  console.log(`${name}: ${join(folder, name)}`)
}

const begin = performance.now()
const wave = setInterval(() => {
  const t = (performance.now() - begin) / 1000
  leader.hold([0.5 * Math.sin(t), -1.0, 1.0, 0.8, 0.3 * Math.sin(t / 2), 0.4 + 0.3 * Math.sin(t)])
}, 10)
const end = async (): Promise<void> => {
  clearInterval(wave)
  console.log(
    `the follower was at ${follower
      .positions()
      .map(angle => angle.toFixed(2))
      .join(', ')} rad`,
  )
  for (const name of ['follower', 'leader']) rmSync(join(folder, name), { force: true })
  await Promise.all([follower.close(), leader.close()])
}
process.once('SIGINT', () => void end())
process.once('SIGTERM', () => void end())
if (seconds !== undefined) setTimeout(() => void end(), Number(seconds) * 1000)
