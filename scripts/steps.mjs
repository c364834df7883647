// What setup, start and test share: saying what is being done, running a program, and not doing a thing twice.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

export function say(line) {
  process.stderr.write(`${line}\n`)
}

export function fail(line) {
  say(`prehend: ${line}`)
  process.exit(2)
}

/** Runs a program to its end with its output shown; ends this process with its code if it fails. */
export function run(command, args, { env = {}, quiet = false } = {}) {
  const windows = process.platform === 'win32'
  const result = spawnSync(windows ? `${command}.cmd` : command, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: quiet ? ['ignore', 'ignore', 'inherit'] : ['ignore', 2, 2],
  })
  if (result.error) fail(`cannot start ${command}: ${result.error.message}`)
  if (result.status !== 0) fail(`${command} ${args.join(' ')} ended with ${result.status ?? result.signal}`)
}

/**
 * Runs a program to its end with its output in the file `log`. If it fails, ends this process with one line: `what`,
 * its first error, and where the rest is.
 */
export function runLogged(what, command, args, { log, env = process.env, cwd = root }) {
  mkdirSync(dirname(log), { recursive: true })
  const result = spawnSync(command, args, {
    cwd,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 28,
  })
  const text = `${result.stdout ?? ''}${result.stderr ?? ''}`
  writeFileSync(log, `${command} ${args.join(' ')}\n${text}`)
  if (result.status === 0) return
  const lines = text
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '')
  const why =
    result.error?.message ??
    lines.find(line => /\berror\b/i.test(line)) ??
    lines.at(-1) ??
    `ended with ${result.status ?? result.signal}`
  fail(`${what}: ${why} (all of it in ${relative(root, log)})`)
}

/** Whether `stamp` holds the sha256 of `files` as they are now; `mark` writes it. */
export function upToDate(stamp, files) {
  const hash = createHash('sha256')
  for (const file of files) hash.update(readFileSync(join(root, file)))
  const digest = hash.digest('hex')
  const path = join(root, stamp)
  return {
    current: existsSync(path) && readFileSync(path, 'utf8') === digest,
    mark() {
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, digest)
    },
  }
}

/** The newest modification time (ms) of the TypeScript files below `folders`. */
export function newestSource(folders) {
  let newest = 0
  for (const folder of folders) {
    if (!existsSync(join(root, folder))) continue
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      if (entry.isFile() && entry.name.endsWith('.ts'))
        newest = Math.max(newest, statSync(join(entry.parentPath ?? entry.path, entry.name)).mtimeMs)
    }
  }
  return newest
}
