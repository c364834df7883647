import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The folder that holds package.json: one above this file's room in the sources, two in the compiled `dist/`. */
export const packageRoot = fileURLToPath(
  new URL(existsSync(new URL('../package.json', import.meta.url)) ? '..' : '../..', import.meta.url),
)
