import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { openBag } from '../middleware/bag/bag.js'
import { BagWriter } from '../middleware/bag/bag-writer.js'

export interface BagReadResult {
  readonly name: string
  readonly value: number
  readonly unit: 'MB/s'
  readonly peer: string
  readonly peerValue: number
  readonly ratio: number
}

const EPOCH = 1_700_000_000
/** The best of so many, for both. */
const RUNS = 3
const PEER = `
import sys, time
from pathlib import Path
from rosbags.highlevel import AnyReader
begin, size = time.perf_counter(), 0
with AnyReader([Path(sys.argv[1])]) as reader:
    for _, _, data in reader.messages(): size += len(data)
print(size / 1e6 / (time.perf_counter() - begin))
`

/**
 * Reads a generated recording (640x480 RGB-D at 30 Hz and a 1 kHz wrench, uncompressed) at `path`, here and with
 * rosbags of `python`.
 */
export async function benchBagRead(path: string, python: string, seconds = 10): Promise<BagReadResult> {
  await generate(path, seconds)
  try {
    let value = 0
    let peerValue = 0
    for (let run = 0; run < RUNS; run++) {
      value = Math.max(value, await readSpeed(path))
      peerValue = Math.max(peerValue, Number(execFileSync(python, ['-c', PEER, path], { encoding: 'utf8' })))
    }
    return {
      name: 'bag read, uncompressed MCAP',
      value,
      unit: 'MB/s',
      peer: 'rosbags (Python)',
      peerValue,
      ratio: value / peerValue,
    }
  } finally {
    rmSync(path, { force: true })
  }
}

async function readSpeed(path: string): Promise<number> {
  const bag = await openBag(path)
  const begin = performance.now()
  let bytes = 0
  for await (const batch of bag.batches()) for (const { data } of batch) bytes += data.length
  const seconds = (performance.now() - begin) / 1000
  await bag.close()
  return bytes / 1e6 / seconds
}

async function generate(path: string, seconds: number): Promise<void> {
  const writer = new BagWriter(path, { epochSec: EPOCH })
  const picture = (encoding: string, step: number) => ({
    stamp: 0,
    frameId: 'camera',
    height: 480,
    width: 640,
    encoding,
    isBigendian: false,
    step,
    data: new Uint8Array(480 * step).map((_, i) => i * 7),
  })
  const rgb = picture('rgb8', 1920)
  const depth = picture('16UC1', 1280)
  const wrench = { stamp: 0, frameId: 'wrist', wrench: new Float64Array(6) }
  for (let ms = 0; ms < seconds * 1000; ms++) {
    const stamp = ms * 1_000_000
    wrench.stamp = stamp
    writer.write('/wrist/wrench', 'geometry_msgs/msg/WrenchStamped', wrench, stamp)
    if (ms % 33 !== 0) continue
    rgb.stamp = depth.stamp = stamp
    writer.write('/camera/color/image_raw', 'sensor_msgs/msg/Image', rgb, stamp)
    writer.write('/camera/depth/image_raw', 'sensor_msgs/msg/Image', depth, stamp)
    await new Promise(setImmediate)
  }
  await writer.close()
}
