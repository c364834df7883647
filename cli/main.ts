import { runProgram } from '../app/output/program.js'
import { standardStreams } from '../app/output/standard-streams.js'
import { runCommandLine } from './command-line.js'

standardStreams.guard()
await runProgram(() => runCommandLine(process.argv.slice(2)))
