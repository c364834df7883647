import { Argument, type Command } from 'commander'
import { benchAligner } from '../../bench/aligner.js'
import { benchCamera } from '../../bench/camera.js'
import { benchGazebo } from '../../bench/gazebo.js'
import { benchLockstep, benchRealtime } from '../../bench/loop.js'
import { benchPrecision } from '../../bench/precision.js'
import { benchReplay } from '../../bench/replay.js'
import { benchRos2 } from '../../bench/ros2.js'
import { result, type BenchResult } from '../../bench/result.js'
import { packageRoot } from '../../app/package-root.js'
import { modelFile } from '../../app/policies/models.js'
import { Output, UsageError } from '../../app/output/output.js'

const BENCHES: Readonly<Record<string, (root: string) => BenchResult[] | Promise<BenchResult[]>>> = {
  aligner: benchAligner,
  camera: async () => [
    result('camera: 128x128 frame, p50', (await benchCamera()).p50, 'ms', 'one camera period', 1000 / 30),
  ],
  replay: benchReplay,
  lockstep: benchLockstep,
  realtime: benchRealtime,
  precision: () => benchPrecision(modelFile(undefined, 'int8'), modelFile(undefined, 'fp32')),
  ros2: benchRos2,
  gazebo: benchGazebo,
}

export function register(program: Command): void {
  program
    .command('bench')
    .description(
      'figures, each beside a peer measured in the same run (some minutes; leave the machine alone meanwhile)',
    )
    .addArgument(new Argument('[names...]', 'which').choices(Object.keys(BENCHES)))
    .option('--json', 'the result as one JSON object')
    .action(async (names: string[], flags: { json?: boolean }) => {
      const output = new Output(flags)
      const results: BenchResult[] = []
      for (const [name, bench] of Object.entries(BENCHES)) {
        if (names.length > 0 && !names.includes(name)) continue
        output.progress(`${name} ...`)
        try {
          results.push(...(await bench(packageRoot)))
        } catch (error) {
          if (names.length > 0 || !(error instanceof UsageError)) throw error
          output.progress(`${name}: left out: ${error.message}`)
        }
      }
      output.result({ results }, results.map(line))
    })
}

function line({ name, value, unit, peer, peerValue, ratio }: BenchResult): string {
  const beside =
    peerValue === null
      ? `${peer}: not on this machine`
      : `${peer}: ${peerValue.toPrecision(4)} (ratio ${ratio?.toPrecision(3)})`
  return `${name}: ${value.toPrecision(4)} ${unit}   ${beside}`
}
