import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const require = createRequire(import.meta.url)

/** The folder of prehend's package.json. */
export const packageFolder = (): string => dirname(require.resolve('prehend/package.json'))

/**
 * Whether prehend runs from a checkout. Only a checkout has `npm run setup` and `npm run setup:ros`; a package that npm
 * installed has no scripts/.
 */
export function isCheckout(): boolean {
  return existsSync(join(packageFolder(), 'scripts/setup.mjs'))
}
