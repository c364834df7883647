import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { requirePeers } from '../peers/peers.js'
import { ONNX_PACKAGES } from '../policy/runtime/onnx-graph.js'
import { pythonWith } from './python-with.js'
import { result, type BenchResult } from './result.js'
import { writeRecording } from './recording.js'

const SECONDS = 10
const PEER = 'rosbags + NumPy, nearest stamps'

/**
 * The speed of `prehend replay --rate max` in times real time, without and with the policy, on a recording of 640x480
 * RGB-D and a wrench at 1 kHz (44 MB a second, not compressed). The peer reads the same file with rosbags and picks
 * nearest stamps in NumPy. The time is the command's own, without the start of the process.
 */
export async function benchReplay(root: string): Promise<BenchResult[]> {
  // Without them `replay` aligns alone.
  requirePeers('bench replay', ...ONNX_PACKAGES)
  const folder = mkdtempSync(join(tmpdir(), 'prehend-bench-'))
  try {
    const bag = join(folder, 'bench')
    await writeRecording(bag, { seconds: SECONDS, width: 640, height: 480 })
    const python = pythonWith(root, 'rosbags')
    const peer = python
      ? SECONDS /
        (JSON.parse((await run(python, [join(root, 'bench/peer_rosbags.py'), bag])).stdout) as { seconds: number })
          .seconds
      : null
    const replay = async (...more: string[]): Promise<number> => {
      const { stdout } = await run(join(root, 'bin/prehend'), [
        'replay',
        bag,
        '--robot',
        'cell',
        '--rate',
        'max',
        '--json',
        ...more,
      ])
      return (JSON.parse(stdout) as { timesRealTime: number }).timesRealTime
    }
    return [
      result('replay 640x480, alignment alone', await replay('--no-policy'), 'x real time', PEER, peer),
      result('replay 640x480, with the policy', await replay(), 'x real time', `${PEER}, no policy`, peer),
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const run = promisify(execFile)
