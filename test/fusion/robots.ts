import type { Align, Robot, Stream } from '../../robots/robot.js'
import type { Modality } from '../../fusion/observation.js'
import type { Frame } from '../../fusion/camera-frame.js'

export const MS = 1_000_000

export function stream(
  name: string,
  modality: Modality,
  type: string,
  align: Align,
  more: Partial<Stream> = {},
): Stream {
  return {
    name,
    topic: `/${name}`,
    type,
    modality,
    timeline: 'header',
    clock: 'ours',
    tare: 0,
    select: [],
    align,
    ...more,
  }
}

export const PYRAMID = [8, 16, 32, 64, 128, 256].map(ms => ms * MS)
export const IMAGE = 'sensor_msgs/msg/Image'
export const bracket = (strategy: 'interpolate' | 'nearest'): Align => ({
  strategy,
  maxGap: 100 * MS,
  maxHold: 50 * MS,
})
export const rgb = stream('rgb', 'rgb', IMAGE, bracket('nearest'))
export const depth = stream('depth', 'depth', IMAGE, bracket('interpolate'))
export const wrench = stream('wrench', 'force', 'geometry_msgs/msg/WrenchStamped', {
  strategy: 'window',
  length: 33_333_333,
  centred: false,
  pyramid: PYRAMID,
})
export const tool = stream('tool', 'proprioception', 'geometry_msgs/msg/PoseStamped', bracket('interpolate'))
export const voice = stream('voice', 'voice', 'prehend_interfaces/msg/VoiceEvent', { strategy: 'events', count: 4 })

export function robot(
  streams: readonly Stream[] = [rgb, depth, wrench, voice, tool],
  more: Partial<Robot> = {},
): Robot {
  return {
    name: 'test',
    namespace: '/',
    tick: { from: 'rgb' },
    maxWait: 40 * MS,
    maxSilence: 250 * MS,
    streams,
    reset: undefined,
    frames: [],
    languages: [],
    actuators: [],
    actions: { gripper: undefined, arm: undefined },
    limits: {
      workspace: { x: [-1, 1], y: [-1, 1], z: [0, 1] },
      speed: 1,
      yawRate: 1,
      width: [0, 0.085],
      effort: [0, 100],
      contact: 2,
      overForce: 40,
      watchdog: { wrench: 1e8, camera: 3e8, policy: 1e9, person: 1e9, gripper: 1e9 },
    },
    canonical: '',
    sha256: '',
    ...more,
  }
}

/** 2 x 2 pixels of one value. */
export function grey(value: number): Frame {
  return { width: 2, height: 2, encoding: 'rgb8', step: 6, isBigendian: false, data: new Uint8Array(12).fill(value) }
}

export function flat(mm: number): Frame {
  return {
    width: 2,
    height: 2,
    encoding: '16UC1',
    step: 4,
    isBigendian: false,
    data: new Uint8Array(new Uint16Array(4).fill(mm).buffer),
  }
}

/** A small repeatable random generator (mulberry32), 0..1. */
export function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
