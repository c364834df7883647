// A regression test of a recording: its observations must be those of the golden lines. Put it into your own tests.
// Golden lines come from `prehend replay press.mcap --robot press.yaml --no-policy --observations press.jsonl`.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseRobot } from 'prehend'
import { differences, linesOf, readLines } from 'prehend/testing'

const file = (name: string): string => fileURLToPath(new URL(`data/${name}`, import.meta.url))
// Another robot file may be given: see what an edit of it changes.
const [robotFile = file('press.yaml')] = process.argv.slice(2)

const robot = parseRobot(readFileSync(robotFile, 'utf8'), robotFile)
const lines = await linesOf(file('press.mcap'), robot)
const found = differences(lines, readLines(readFileSync(file('press.jsonl'), 'utf8')))

for (const difference of found.slice(0, 5)) console.error(difference)
console.log(`${lines.length} observations, ${found.length} differences`)
process.exitCode = found.length === 0 ? 0 : 1
