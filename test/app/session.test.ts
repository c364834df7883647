import { expect, test, vi } from 'vitest'
import { cameraPart } from '../../app/session/parts/camera-part.js'
import { controlPart } from '../../app/session/parts/control-part.js'
import { forceTorquePart } from '../../app/session/parts/force-torque-part.js'
import { fusionPart } from '../../app/session/parts/fusion-part.js'
import { voicePart } from '../../app/session/parts/voice-part.js'
import { Session, type Parts } from '../../app/session/session.js'
import { readRobot } from '../../app/robot/load-robot.js'
import { LocalBus } from '../../middleware/local/local-bus.js'
import { SteppedClock } from '../../middleware/local/stepped-clock.js'
import type { RgbdFrame } from '../../nodes/camera-node.js'

/** A sensor that records the calls of its methods. */
class Source {
  take: ((frame: RgbdFrame) => void) | undefined

  start(take: (frame: RgbdFrame) => void): void {
    this.take = take
  }

  stop(): void {
    this.take = undefined
  }
}

const sensor = (): { start: () => void; stop: () => void } => ({ start: () => undefined, stop: () => undefined })

/** Gripper that is never asked to do anything. */
function gripper() {
  const stats = { framesSent: 0, framesReceived: 0, crcErrors: 0, timeouts: 0, reconnects: 0 }
  const nothing = (): Promise<never> => Promise.reject(new Error('gripper: not here'))
  return {
    stats,
    connect: () => Promise.resolve(),
    move: nothing,
    stop: () => Promise.resolve(),
    status: nothing,
    close: () => Promise.resolve(),
  }
}

const FRAME: RgbdFrame = { stamp: 5, width: 1, height: 1, rgb: new Uint8Array(3), depth: new Uint16Array(1) }

class Rig {
  readonly bus = new LocalBus(new SteppedClock(1))
  readonly told: string[] = []
  readonly steps: string[] = []

  assemble<const P extends Parts>(parts: P, framePrefix = '') {
    const session = Session.assemble(
      {
        robot: readRobot('cell'),
        bus: this.bus,
        framePrefix,
        onError: error => this.told.push((error as Error).message),
      },
      parts,
    )
    for (const node of session.inOrder) node.onTransition = transition => this.steps.push(`${node.name} ${transition}`)
    return session
  }
}

const all = () => ({
  camera: cameraPart({ source: new Source(), rgbTopic: '/rgb', depthTopic: '/depth', frameId: 'optical' }),
  forceTorque: forceTorquePart({ source: sensor(), topic: '/wrench', frameId: 'wrist' }),
  voice: voicePart({ topic: '/voice' }),
  fusion: fusionPart({ policy: undefined }),
  control: controlPart({ gripper: gripper() }),
})

test('the control node is up before a sensor publishes, and has ended the motion before anything else closes', async () => {
  const rig = new Rig()
  const session = rig.assemble(all())
  expect(rig.steps).toEqual([])
  await session.bringUp()
  const names = ['control', 'fusion', 'voice', 'force_torque', 'camera']
  expect(rig.steps.splice(0)).toEqual(names.flatMap(name => [`${name} configure`, `${name} activate`]))
  const close = (name: string) => () => {
    rig.steps.push(name)
    return Promise.resolve()
  }
  await session.close({
    recording: { written: 0, close: close('recording'), discard: close('no recording') },
    policy: { close: close('policy') },
    ground: [{ name: 'cell', close: close('cell') }],
  })
  expect(rig.steps).toEqual([...names.map(name => `${name} shutdown`), 'recording', 'policy', 'cell'])
  expect(rig.told).toEqual([])
})

test('exactly the nodes of the given parts are made', () => {
  const rig = new Rig()
  const { nodes, inOrder } = rig.assemble({ voice: voicePart({ topic: '/voice' }) })
  expect(inOrder).toEqual([nodes.voice])
  expect(Object.keys(nodes)).toEqual(['voice'])
})

test('the prefix stands before the frames of every node', async () => {
  const rig = new Rig()
  const source = new Source()
  const session = rig.assemble(
    { camera: cameraPart({ source, rgbTopic: '/rgb', depthTopic: '/depth', frameId: 'optical' }) },
    'left/',
  )
  const frames: string[] = []
  for (const topic of ['/rgb', '/depth'])
    rig.bus.subscribe(topic, 'sensor_msgs/msg/Image', ({ frameId }) => frames.push(frameId))
  await session.bringUp()
  source.take?.(FRAME)
  expect(frames).toEqual(['left/optical', 'left/optical'])
})

test('a node that does not end is named, the others end, and a second close waits for the first', async () => {
  const rig = new Rig()
  const session = rig.assemble(all())
  await session.bringUp()
  expect(session.isClosing).toBe(false)
  vi.spyOn(session.nodes.voice, 'shutdown').mockReturnValue(new Promise(() => undefined))
  vi.useFakeTimers()
  try {
    const first = session.close({ ground: [] })
    expect(session.isClosing).toBe(true)
    const second = session.close({ ground: [] })
    await vi.advanceTimersByTimeAsync(5000)
    await Promise.all([first, second])
  } finally {
    vi.useRealTimers()
  }
  expect(rig.told).toEqual(['node voice: did not close within 5 s; it is left as it is'])
  expect(rig.steps.filter(step => step.endsWith('shutdown'))).toEqual([
    'control shutdown',
    'fusion shutdown',
    'force_torque shutdown',
    'camera shutdown',
  ])
})

test('a session that never came up leaves no recording', async () => {
  const rig = new Rig()
  const session = rig.assemble({ voice: voicePart({ topic: '/voice' }) })
  const discard = vi.fn(() => Promise.resolve())
  const close = vi.fn(() => Promise.resolve())
  await session.close({ recording: { written: 0, close, discard }, ground: [] })
  expect([discard.mock.calls.length, close.mock.calls.length]).toEqual([1, 0])
})
