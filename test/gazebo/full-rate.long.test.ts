import { expect, test } from 'vitest'
import { fullRate, hasGazeboPrograms } from '../../bench/gazebo.js'
import { root } from '../e2e/prehend.js'

test.skipIf(!hasGazeboPrograms(root))(
  "at full rate for a minute nothing of a C++ publisher's streams is lost: 640x480 RGB-D at 30 Hz, a wrench at 1 kHz",
  async () => {
    const { sent, ours, peer, cpu, peerCpu } = await fullRate(root, 60)
    const ways = ({ rgb, wrench }: typeof ours): string =>
      `rgb p50 ${rgb.p50.toFixed(2)} ms, p99 ${rgb.p99.toFixed(2)} ms, wrench p50 ` +
      `${wrench.p50.toFixed(2)} ms, p99 ${wrench.p99.toFixed(2)} ms`
    console.log(
      `full rate: ours: ${ways(ours)}, ${cpu.toFixed(1)} s of CPU; ign-transport in C++: ${ways(peer)}, ` +
        `${peerCpu.toFixed(1)} s`,
    )
    expect(sent).toMatchObject({ frames: 1800, samples: 60_000 })
    for (const heard of [ours, peer]) {
      expect(heard).toMatchObject({
        rgb: { count: 1800, ordered: true },
        depth: { count: 1800, ordered: true },
        wrench: { count: 60_000, ordered: true },
      })
    }
  },
  180_000,
)
