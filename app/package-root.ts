import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The folder of package.json. It is one folder above `app/` in the sources, and two above `dist/app/`. */
export const packageRoot = fileURLToPath(
  new URL(existsSync(new URL('../package.json', import.meta.url)) ? '..' : '../..', import.meta.url),
)
