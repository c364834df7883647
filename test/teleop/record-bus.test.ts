import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openBag } from '../../middleware/bag/bag.js'
import { decode } from '../../middleware/cdr/codecs.js'
import { BROADCAST } from '../../drivers/servo/servo-protocol.js'
import { STS3215 } from '../../drivers/feetech/registers.js'
import { startPrehend, type Started } from '../e2e/prehend.js'
import { Files, heldArm, until } from './arms.js'

let files: Files
let hand: ReturnType<typeof heldArm>
let started: Started | undefined
beforeEach(() => {
  files = new Files()
  hand = heldArm()
})
afterEach(async () => {
  started?.child.kill('SIGKILL')
  await hand.arm.host.close()
  files.remove()
})

it.each([true, false])('prehend record reads a servo bus, and leaves its torque as it is: %s', async torque => {
  for (const servo of hand.arm.servos)
    servo.handle({ kind: 'write', id: BROADCAST, address: STS3215.torqueEnable.address, data: Uint8Array.of(+torque) })
  const out = join(files.folder, 'bus.mcap')
  const robot = files.follower(hand.arm.host.path)
  const run = (started = startPrehend(['record', out, '--source', 'bus', '--robot', robot, '--json']))
  await run.said(/recording into/)
  const { requests } = hand.arm.host.line.stats
  hand.joints[0].at = 0.5
  await until(
    () => hand.arm.host.line.stats.requests > requests + 100,
    () => hand.arm.host.line.stats,
  )
  hand.joints[0].at = -0.5
  await until(
    () => hand.arm.host.line.stats.requests > requests + 200,
    () => hand.arm.host.line.stats,
  )
  run.child.kill('SIGINT')
  const { status, stdout, stderr } = await run.end
  expect(status, stderr).toBe(0)
  expect(hand.arm.servos.map(servo => servo.torque)).toEqual([torque, torque, torque])
  const result = JSON.parse(stdout) as { topics: Record<string, { count: number }>; missing: string[] }
  expect(result.missing).toEqual(['/voice/events'])
  const bag = await openBag(out)
  const pan: number[] = []
  for await (const batch of bag.batches())
    for (const { topic, data } of batch)
      if (topic === '/joint_states') pan.push(decode('sensor_msgs/msg/JointState', data, bag.epochSec).position[0])
  await bag.close()
  expect(pan.length).toBe(result.topics['/joint_states'].count)
  expect(Math.max(...pan)).toBeCloseTo(0.5, 2)
  expect(pan.at(-1)).toBeCloseTo(-0.5, 2)
})

it('says that the bus is gone, and goes on with what it has', async () => {
  const out = join(files.folder, 'bus.mcap')
  const robot = files.follower(hand.arm.host.path)
  const run = (started = startPrehend(['record', out, '--source', 'bus', '--robot', robot, '--json']))
  await run.said(/recording into/)
  await until(
    () => hand.arm.host.line.stats.requests > 100,
    () => hand.arm.host.line.stats,
  )
  await hand.arm.host.close()
  await run.said(/fault: .*(the device is gone|does not answer)/)
  run.child.kill('SIGINT')
  const { status, stdout } = await run.end
  expect(status).toBe(0)
  expect((JSON.parse(stdout) as { messages: number }).messages).toBeGreaterThan(10)
})
