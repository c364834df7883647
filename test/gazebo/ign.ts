import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Gazebo's own programs and the world server, on the loopback interface and in a partition of this process. */
export const root = fileURLToPath(new URL('../..', import.meta.url))
export const WORLD_SERVER = join(root, 'build/world-server/world-server')
const PROGRAMS = '/usr/libexec/ignition/transport11'
const TIMEOUT = 60_000

export const hasIgn = spawnSync('ign', ['--versions'], { stdio: 'ignore' }).error === undefined
export const hasWorldServer = existsSync(WORLD_SERVER)

export const environment: NodeJS.ProcessEnv = { ...process.env, IGN_IP: '127.0.0.1', IGN_PARTITION: `prehend-${process.pid}` }

/**
 * Asks a service and gives the text of its reply. It asks again where none comes: ign-transport gives the way back to a new client 100 ms to come
 * about, and loses the reply where a busy machine takes longer.
 */
export function request(service: string, type: string, text: string): string {
  let said = ''
  for (let attempt = 0; attempt < 5 && !said.includes('data:'); attempt++) {
    const { stdout, stderr } = spawnSync(join(PROGRAMS, 'ign-transport-service'), [
      '-s', service, '--reqtype', type, '--reptype', 'ignition.msgs.Boolean', '--timeout', '15000', '-r', text
    ], { env: environment, encoding: 'utf8', timeout: TIMEOUT })
    said = `${stdout}${stderr}`.trim()
  }
  return said
}

/** Listens to a topic. `text` is all that has come, as protobuf text; `stop` ends it. */
export function listen(topic: string): { text(): string; stop(): Promise<void> } {
  const child = spawn(join(PROGRAMS, 'ign-transport-topic'), ['-e', '-t', topic], { env: environment, stdio: ['ignore', 'pipe', 'ignore'] })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => { text += chunk })
  const end = new Promise<void>((resolve) => child.on('close', () => resolve()))
  return {
    text: () => text,
    stop: async () => {
      child.kill('SIGINT')
      await end
    }
  }
}

/** The world server on a file, once it is ready. `stop` gives what it said of its speed. */
export async function startWorldServer(file: string, args: readonly string[] = []): Promise<{ stop(): Promise<string> }> {
  const child = spawn(WORLD_SERVER, [file, ...args], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => { said += chunk })
  const end = new Promise<void>((resolve) => child.on('close', () => resolve()))
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve())
    child.on('close', (code) => reject(new Error(`world-server ended with ${code}: ${said}`)))
  })
  return {
    stop: async () => {
      child.kill('SIGTERM')
      await end
      return said.trim()
    }
  }
}
