import { spawn, spawnSync, type ChildProcess, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'

/** Starts the real command as a user does, and the independent programs that it is compared with. */
export const root = fileURLToPath(new URL('../..', import.meta.url))
const BIN = join(root, 'bin/prehend')
/** The options of Node in the first line of bin/prehend. */
const FLAGS = ['--initial-old-space-size=256']
const PYTHON = join(root, '.venv/bin/python')

export interface Outcome {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Circumstances {
  readonly input?: string
  /** A descriptor to read from, instead of `input`. */
  readonly stdin?: number
  readonly cwd?: string
  readonly bin?: string
  /** Runs with the rights of an ordinary user who owns nothing. */
  readonly unprivileged?: boolean
  readonly env?: NodeJS.ProcessEnv
  /** ms. */
  readonly timeout?: number
}

export function prehend(
  args: readonly string[],
  {
    input = '',
    stdin,
    cwd = root,
    bin = BIN,
    unprivileged = false,
    env = process.env,
    timeout = 110_000,
  }: Circumstances = {},
): Outcome {
  if (!existsSync(join(root, 'dist/cli/main.js'))) throw new Error('dist/ is not there: npm run build')
  const { status, stdout, stderr } = spawnSync(process.execPath, [...FLAGS, bin, ...args], {
    encoding: 'utf8',
    ...(stdin === undefined ? { input } : { stdio: [stdin, 'pipe', 'pipe'] as const }),
    cwd,
    env,
    maxBuffer: 1 << 28,
    timeout,
    ...(unprivileged && process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}),
  })
  return { status, stdout, stderr }
}

/**
 * The object of `--json`, which must be the only line of stdout. Throws where the command did not end with one of
 * `codes`.
 */
export function prehendJson(args: readonly string[], codes: readonly number[] = [0]): Record<string, unknown> {
  const { status, stdout, stderr } = prehend([...args, '--json'])
  if (!codes.includes(status ?? -1)) throw new Error(`prehend ${args.join(' ')}: exit ${status}: ${stderr}`)
  const lines = stdout.split('\n').filter(line => line !== '')
  if (lines.length !== 1) throw new Error(`prehend ${args.join(' ')}: ${lines.length} lines on stdout instead of one`)
  return JSON.parse(lines[0]) as Record<string, unknown>
}

export interface Started {
  readonly child: ChildProcess
  readonly end: Promise<Outcome>
  said(text: RegExp): Promise<void>
}

/** A running command, for what happens while it runs. `end` resolves with its outcome. */
export function startPrehend(args: readonly string[], env = process.env): Started {
  return watched(spawn(process.execPath, [...FLAGS, BIN, ...args], { cwd: root, stdio: 'pipe', env }), args)
}

/**
 * Starts the command in a terminal of its own. in_terminal.py says what its standard input takes. `said` is called with
 * the terminal's output.
 */
export function startInTerminal(args: readonly string[]): Started {
  const program = [join(root, 'test/e2e/in_terminal.py'), process.execPath, ...FLAGS, BIN, ...args]
  return watched(spawn(PYTHON, program, { cwd: root, stdio: 'pipe', env: { ...process.env, TERM: 'xterm' } }), args)
}

function watched(child: ChildProcessWithoutNullStreams, args: readonly string[]): Started {
  let stdout = ''
  let stderr = ''
  const waiting: { text: RegExp; resolve: () => void }[] = []
  const tell = (): void => {
    for (const { text, resolve } of waiting) if (text.test(stderr)) resolve()
  }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    tell()
  })
  const end = new Promise<Outcome>(resolve => child.on('close', status => resolve({ status, stdout, stderr })))
  const said = (text: RegExp): Promise<void> =>
    Promise.race([
      new Promise<void>(resolve => {
        waiting.push({ text, resolve })
        tell()
      }),
      end.then(outcome => {
        throw new Error(
          `prehend ${args.join(' ')} ended with ${outcome.status} before it said ${text}: ${outcome.stderr}`,
        )
      }),
    ])
  return { child, end, said }
}

/** Runs a script of this folder, or code, in the tests' Python environment; its stdout. */
export function python(script: string, ...args: readonly string[]): string {
  if (!existsSync(PYTHON)) throw new Error('.venv/bin/python is not there: npm test makes it (test/requirements.txt)')
  const program = script.endsWith('.py') ? [join(root, 'test/e2e', script)] : ['-c', script]
  const { status, stdout, stderr } = spawnSync(PYTHON, [...program, ...args], {
    encoding: 'utf8',
    cwd: root,
    maxBuffer: 1 << 28,
  })
  if (status !== 0) throw new Error(`${script.split('\n')[0]} ${args.join(' ')}: exit ${status}: ${stderr}`)
  return stdout
}

/** A folder that is removed after the tests of a file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'prehend-e2e-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
