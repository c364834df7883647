import { Argument, type Command } from 'commander'
import { Output } from '../../app/output/output.js'
import { BENCH_NAMES, runBenches } from '../../bench/benches.js'
import type { BenchResult } from '../../bench/result.js'

export function register(program: Command): void {
  program
    .command('bench')
    .description(
      'figures, each beside a peer measured in the same run (some minutes; leave the machine alone meanwhile)',
    )
    .addArgument(new Argument('[names...]', 'which').choices(BENCH_NAMES))
    .option('--json', 'the result as one JSON object')
    .action(async (names: string[], flags: { json?: boolean }) => {
      const output = new Output(flags)
      const results = await runBenches(names, line => output.progress(line))
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
