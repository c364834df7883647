/**
 * Writes robots/robot.schema.json and the tables of docs/reference/robot-file.md: `npx tsx scripts/robot-schema.ts`.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { referenceTables } from '../robots/reference-tables.js'
import { robotJsonSchema } from '../robots/schema.js'

writeFileSync(new URL('../robots/robot.schema.json', import.meta.url), robotJsonSchema())

const page = new URL('../docs/reference/robot-file.md', import.meta.url)
let text = readFileSync(page, 'utf8')
for (const table of referenceTables()) {
  const begin = text.indexOf(table.slice(0, table.indexOf('\n')))
  if (begin < 0) throw new Error(`docs/reference/robot-file.md has no table ${table.slice(0, table.indexOf('\n'))}`)
  text = text.slice(0, begin) + table + text.slice(text.indexOf('\n\n', begin) + 1)
}
writeFileSync(page, text)
