import { vi } from 'vitest'
import { runCommandLine } from '../../cli/command-line.js'
import type { Outcome } from './prehend.js'

/** Events that a command listens to for as long as its process lives. */
const LASTING = ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect'] as const

/**
 * Runs the command in this process, without the half second in which a process starts. It is for commands that end by
 * themselves and need no standard input, terminal, signal or user of their own. `prehend` starts a real process.
 */
export async function command(args: readonly string[]): Promise<Outcome> {
  const said = { stdout: '', stderr: '' }
  const spies = (['stdout', 'stderr'] as const).map(name =>
    vi.spyOn(process[name], 'write').mockImplementation(text => {
      said[name] += String(text)
      return true
    }),
  )
  const listeners = LASTING.map(name => process.listeners(name as NodeJS.Signals))
  // A command with a parent process ends with it. Here the parent would be the test runner, which keeps a reference of
  // its own.
  const { exitCode, send } = process
  const alive = setInterval(() => undefined, 60_000)
  process.exitCode = process.send = undefined
  try {
    await runCommandLine(args)
    return { status: Number(process.exitCode ?? 0), ...said }
  } finally {
    process.exitCode = exitCode
    process.send = send
    process.channel?.ref()
    clearInterval(alive)
    for (const spy of spies) spy.mockRestore()
    LASTING.forEach((name, i) => {
      for (const listener of process.listeners(name as NodeJS.Signals)) {
        if (!listeners[i].includes(listener)) process.off(name, listener)
      }
    })
  }
}

/**
 * The object of `--json`, which must be the only line of stdout. Throws where the command did not end with one of
 * `codes`.
 */
export async function commandJson(
  args: readonly string[],
  codes: readonly number[] = [0],
): Promise<Record<string, unknown>> {
  return resultOf(args, await command([...args, '--json']), codes)
}

function resultOf(
  args: readonly string[],
  { status, stdout, stderr }: Outcome,
  codes: readonly number[],
): Record<string, unknown> {
  if (!codes.includes(status ?? -1)) throw new Error(`prehend ${args.join(' ')}: exit ${status}: ${stderr}`)
  const lines = stdout.split('\n').filter(line => line !== '')
  if (lines.length !== 1) throw new Error(`prehend ${args.join(' ')}: ${lines.length} lines on stdout instead of one`)
  return JSON.parse(lines[0]) as Record<string, unknown>
}
