import { Aligner } from '../../fusion/aligner.js'
import { ObservationDigest } from '../../fusion/observation-line.js'
import type { Robot, Stream } from '../../robots/robot.js'

const MS = 1_000_000

function stream(name: string, modality: Stream['modality'], type: string, align: Stream['align']): Stream {
  return { name, topic: `/${name}`, type, modality, timeline: 'header', clock: 'ours', tare: 0, select: [], align }
}

/** The default robot's sensors: RGB-D, and a wrench with the pyramid of 8 to 256 ms. */
function benchRobot(): Robot {
  const bracket = { maxGap: 100 * MS, maxHold: 50 * MS }
  return {
    name: 'bench',
    namespace: '/',
    tick: { from: 'rgb' },
    maxWait: 40 * MS,
    maxSilence: 250 * MS,
    reset: undefined,
    frames: [],
    languages: [],
    canonical: '',
    sha256: '',
    streams: [
      stream('rgb', 'rgb', 'sensor_msgs/msg/Image', { strategy: 'nearest', ...bracket }),
      stream('depth', 'depth', 'sensor_msgs/msg/Image', { strategy: 'interpolate', ...bracket }),
      stream('wrench', 'force', 'geometry_msgs/msg/WrenchStamped', {
        strategy: 'window',
        length: 33_333_333,
        centred: false,
        pyramid: [8, 16, 32, 64, 128, 256].map(ms => ms * MS),
      }),
    ],
    actions: { gripper: undefined, arm: undefined },
    limits: {
      workspace: { x: [-1, 1], y: [-1, 1], z: [0, 1] },
      speed: 1,
      yawRate: 1,
      width: [0, 0.085],
      effort: [0, 100],
      contact: 2,
      overForce: 40,
      watchdog: { wrench: 1e8, camera: 3e8, policy: 1e9, gripper: 1e9 },
    },
  }
}

export interface Workload {
  /** Wrench samples to push, 1 ms apart. */
  readonly samples: number
  /** ns between camera frames; 0: none. */
  readonly framePeriod?: number
  readonly width?: number
  readonly height?: number
  /** ns by which depth is stamped after rgb; 0: no interpolation of depth. */
  readonly skew?: number
  /** Computes the sha256 of the observations as well. */
  readonly digest?: boolean
}

export interface Throughput {
  readonly samplesPerSecond: number
  readonly ticksPerSecond: number
  readonly observations: number
  readonly seconds: number
  /** Recorded time over computing time. */
  readonly timesRealTime: number
}

/** Pushes a steady recording through the aligner as fast as it goes. */
export function measureAligner({
  samples,
  framePeriod = 0,
  width = 640,
  height = 480,
  skew = 0,
  digest = false,
}: Workload): Throughput {
  const sum = new ObservationDigest()
  let observations = 0
  const aligner = new Aligner(benchRobot(), observation => {
    observations++
    if (digest) sum.add(observation)
  })
  const wrench = new Float64Array(6)
  const rgb = {
    width,
    height,
    encoding: 'rgb8',
    step: width * 3,
    isBigendian: false,
    data: new Uint8Array(width * height * 3),
  }
  const depths = [800, 805].map(mm => ({
    width,
    height,
    encoding: '16UC1',
    step: width * 2,
    isBigendian: false,
    data: new Uint8Array(new Uint16Array(width * height).fill(mm).buffer),
  }))
  let next = framePeriod > 0 ? MS : Infinity
  let frame = 0
  const start = performance.now()
  for (let i = 1; i <= samples; i++) {
    const stamp = i * MS
    while (stamp >= next) {
      aligner.pushFrame(0, next, stamp, rgb)
      aligner.pushFrame(1, next + skew, stamp, depths[frame++ % 2] ?? rgb)
      next += framePeriod
    }
    wrench[0] = i % 17
    wrench[2] = 192 + (i % 13) * 0.01
    aligner.pushVector(2, stamp, stamp, wrench)
  }
  aligner.finish()
  const seconds = (performance.now() - start) / 1000
  return {
    samplesPerSecond: samples / seconds,
    ticksPerSecond: observations / seconds,
    observations,
    seconds,
    timesRealTime: samples / 1000 / seconds,
  }
}
