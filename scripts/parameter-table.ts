/** Writes docs/reference/parameters.md: `npx tsx scripts/parameter-table.ts`. */
import { writeFileSync } from 'node:fs'
import { parameterTable } from '../ros2/parameters-page.js'

writeFileSync(new URL('../docs/reference/parameters.md', import.meta.url), await parameterTable())
