// Lists in dist/.npmignore the type declarations that no import from the package can reach, so that they are not packed.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from './steps.mjs'

const IMPORT = /(?:from|import\()\s*['"](\.[^'"]+)\.js['"]/g

/** The declaration files that `entries` import, and those that these import. */
function reached(entries) {
  const found = new Set()
  const open = [...entries]
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (found.has(file) || !existsSync(file)) continue
    found.add(file)
    for (const [, path] of readFileSync(file, 'utf8').matchAll(IMPORT)) open.push(join(dirname(file), `${path}.d.ts`))
  }
  return found
}

export function hideDeclarations() {
  const dist = join(root, 'dist')
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const entries = Object.values(exports).flatMap(({ types }) => (types === undefined ? [] : [join(root, types)]))
  const kept = reached(entries)
  const hidden = readdirSync(dist, { recursive: true })
    .filter(path => path.endsWith('.d.ts') && !kept.has(join(dist, path)))
    .map(path => `/${path}`)
  writeFileSync(join(dist, '.npmignore'), `${['*.map', '.tsbuildinfo', ...hidden].join('\n')}\n`)
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) hideDeclarations()
