import { Ending } from '../app/output/ending.js'
import { standardStreams } from '../app/output/standard-streams.js'
import { runCommandLine } from './command-line.js'

/** ms that a command which was asked to end waits, once it has ended, for its last lines to be read. */
const LAST_WORDS = 3000

standardStreams.guard()
await runCommandLine(process.argv.slice(2))
// What was asked to end does not wait for ever for a reader of what it said at last.
if (Ending.isAsked) setTimeout(() => process.exit(), LAST_WORDS).unref()
