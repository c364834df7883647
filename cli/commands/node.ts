import type { Command } from 'commander'
import { Output } from '../../app/output/output.js'
import { KINDS } from '../../ros2/managed-nodes.js'
import { runNode } from '../../ros2/run-node.js'

export function register(program: Command): void {
  program
    .command('node')
    .summary('one managed ROS 2 node: what the launch files start')
    .description(
      "one managed (lifecycle) ROS 2 node in this process. What follows --ros-args is ROS's: parameters " +
        '(-p NAME:=VALUE, --params-file), remaps (-r), namespace, log level.\n\n' +
        Object.entries(KINDS)
          .map(([name, { summary }]) => `  ${name.padEnd(13)}${summary}`)
          .join('\n'),
    )
    .argument('<name>', `one of ${Object.keys(KINDS).join(', ')}`)
    .argument('[ros...]', '--ros-args and what follows it')
    .option('--json', 'the result as one JSON object, at the end')
    .allowUnknownOption()
    .action((name: string, ros: string[], flags: { json?: boolean }) => node(name, ros, new Output(flags)))
}

async function node(name: string, ros: readonly string[], output: Output): Promise<void> {
  const result = await runNode(name, ros, { progress: line => output.progress(line), isReported: output.json })
  if (result && output.json) output.result(result, [])
}
