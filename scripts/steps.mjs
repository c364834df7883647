// What set-up, start and test share: progress lines, programs to run, and steps that are skipped when up to date.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

export function say(line) {
  process.stderr.write(`${line}\n`)
}

/** Why a script cannot go on, in one line. */
export class Failure extends Error {}

export function fail(line) {
  throw new Failure(line)
}

/** Runs a script to its end. A Failure ends the process with its line and exit code 2. */
export async function main(script) {
  try {
    await script()
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    say(`prehend: ${error.message}`)
    process.exit(2)
  }
}

/** Several steps run at the same time. If one of them ends this process, the programs of the others end too. */
const running = new Set()
process.on('exit', () => {
  for (const child of running) child.kill()
})

/**
 * Runs a program. Resolves at its end with `{ status, error, output }`, where `output` is what was piped; never
 * rejects.
 */
export function ended(command, args, { cwd = root, env = process.env, stdio = ['ignore', 2, 2] } = {}) {
  return new Promise(resolve => {
    const child = spawn(command, args, { cwd, env, stdio })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', text => (output += text))
    running.add(child)
    const end = result => {
      running.delete(child)
      resolve({ ...result, output })
    }
    child.once('error', error => end({ status: null, error }))
    child.once('close', (status, signal) => end({ status: status ?? signal }))
  })
}

/** Runs a program and shows its output. Fails if the program fails. */
export async function run(command, args, { env = {} } = {}) {
  const program = process.platform === 'win32' ? `${command}.cmd` : command
  const { status, error } = await ended(program, args, { env: { ...process.env, ...env } })
  if (error) fail(`cannot start ${command}: ${error.message}`)
  if (status !== 0) fail(`${command} ${args.join(' ')} ended with ${status}`)
}

/** Runs a program with its output in the file `log`. Fails with `what`, the first error, and the path of the log. */
export async function runLogged(what, command, args, { log, env = process.env, cwd = root }) {
  mkdirSync(dirname(log), { recursive: true })
  writeFileSync(log, `${command} ${args.join(' ')}\n`)
  const file = openSync(log, 'a')
  const { status, error } = await ended(command, args, { cwd, env, stdio: ['ignore', file, file] })
  closeSync(file)
  if (status === 0) return
  const lines = readFileSync(log, 'utf8')
    .split('\n')
    .slice(1)
    .map(line => line.trim())
    .filter(line => line !== '')
  const why = error?.message ?? lines.find(line => /\berror\b/i.test(line)) ?? lines.at(-1) ?? `ended with ${status}`
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

/** The newest modification time (ms) of `paths`: TypeScript files, and folders that hold some. */
export function newestSource(paths) {
  let newest = 0
  for (const path of paths.map(name => join(root, name)).filter(existsSync)) {
    const files = statSync(path).isDirectory()
      ? readdirSync(path, { recursive: true }).map(name => join(path, name))
      : [path]
    for (const file of files) if (file.endsWith('.ts')) newest = Math.max(newest, statSync(file).mtimeMs)
  }
  return newest
}
