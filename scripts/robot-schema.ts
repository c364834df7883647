/** Writes robots/robot.schema.json: `npx tsx scripts/robot-schema.ts`. */
import { writeFileSync } from 'node:fs'
import { robotJsonSchema } from '../robots/schema.js'

writeFileSync(new URL('../robots/robot.schema.json', import.meta.url), robotJsonSchema())
