import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** A script that runs in a process of its own until its standard input ends. */
export interface HostProcess {
  /** The first line of its standard output. */
  readonly line: string
  /** Ends its standard input and resolves when it has exited, also when it had exited before. */
  end(): Promise<void>
}

/** Starts a script with this Node. Rejects when it exits before its first line. */
export async function startHostProcess(script: string): Promise<HostProcess> {
  const host = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] })
  // Asked for before anything else is awaited, so that no exit is missed.
  const exit = once(host, 'exit') as Promise<[code: number | null, signal: string | null]>
  const early = exit.then(([code, signal]): never => {
    throw new Error(`bench: ${script} ended with ${signal ?? `exit code ${code}`} before its first line`)
  })
  const first = once(createInterface({ input: host.stdout }), 'line') as Promise<[string]>
  const [line] = await Promise.race([first, early])
  return {
    line,
    async end() {
      host.stdin.end()
      await exit
    },
  }
}
