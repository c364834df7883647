import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../e2e/prehend.js'
import { run } from './programs.js'

/** The world server, on the loopback interface and in a partition of this process. */
const WORLD_SERVER = join(root, 'build/world-server/world-server')

export const hasWorldServer = existsSync(WORLD_SERVER)

export const environment: NodeJS.ProcessEnv = {
  ...process.env,
  IGN_IP: '127.0.0.1',
  IGN_PARTITION: `prehend-${process.pid}`,
}

/**
 * Asks a service of its and gives the text of the reply. It asks again where none comes: ign-transport gives the way
 * back to a new client 100 ms to come about, and loses the reply where a busy machine takes longer.
 */
export async function request(service: string, type: string, text: string): Promise<string> {
  let said = ''
  for (let attempt = 0; attempt < 5 && !said.includes('data:'); attempt++) {
    said = (
      await run(
        environment,
        'service',
        '-s',
        service,
        '--reqtype',
        type,
        '--reptype',
        'ignition.msgs.Boolean',
        '--timeout',
        '15000',
        '-r',
        text,
      )
    ).trim()
  }
  return said
}

/** The world server on a file, once it is ready. `stop` gives what it said of its speed. */
export async function startWorldServer(
  file: string,
  args: readonly string[] = [],
): Promise<{ stop(): Promise<string> }> {
  const child = spawn(WORLD_SERVER, [file, ...args], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk
  })
  const end = new Promise<void>(resolve => child.on('close', () => resolve()))
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve())
    child.on('close', code => reject(new Error(`world-server ended with ${code}: ${said}`)))
  })
  return {
    stop: async () => {
      child.kill('SIGTERM')
      await end
      return said.trim()
    },
  }
}
