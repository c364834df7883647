/** Writes docs/reference/control-states.md: `npx tsx scripts/control-states.ts`. */
import { writeFileSync } from 'node:fs'
import { controlStatesPage } from './control-states-page.js'

writeFileSync(new URL('../docs/reference/control-states.md', import.meta.url), controlStatesPage())
