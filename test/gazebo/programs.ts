import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe } from 'vitest'
import { GzNode, type GzNodeOptions } from '../../middleware/gazebo/gz-node.js'
import { settingsOf } from '../../middleware/gazebo/settings.js'

/** Gazebo's own command line programs: where Debian and Ubuntu put those of ignition-transport-cli. */
const LIBEXEC = '/usr/libexec/ignition'
const versions = existsSync(LIBEXEC) ? readdirSync(LIBEXEC).filter(name => /^transport\d+$/.test(name)) : []
const program = (name: string): string => join(LIBEXEC, versions[0] ?? 'transport', `ign-transport-${name}`)
export const hasIgn = spawnSync('ign', ['--versions'], { stdio: 'ignore' }).error === undefined

/**
 * Runs where Gazebo's own command line programs are (`npm test` installs them where it may), and is skipped elsewhere.
 */
export const describeGazebo = describe.skipIf(!existsSync(program('topic')) || !existsSync(program('service')))

/** ms within which an answer must have come. */
export const PATIENCE = 50_000

const started = new Set<ChildProcess>()
const endAll = (): void => {
  for (const child of started) child.kill('SIGKILL')
}
process.once('exit', endAll)

/** A world of its own for one test: this machine, a partition that no other test has. */
let partitions = 0
export function world(): Record<string, string> {
  return { IGN_IP: '127.0.0.1', IGN_PARTITION: `test-${process.pid}-${partitions++}` }
}

export interface TestNode {
  readonly node: GzNode
  readonly warnings: string[]
  /** Resolves with the first warning that matches, an earlier one included. */
  warned(text: RegExp): Promise<string>
}

const nodes = new Set<GzNode>()

type TestOptions = Pick<GzNodeOptions, 'onError'> & { readonly dialect?: 'ignition' | 'gz' }

export async function openNode(env: Record<string, string>, options: TestOptions = {}): Promise<TestNode> {
  const warnings: string[] = []
  const looks = new Set<() => void>()
  const onWarning = (topic: string, text: string): void => {
    warnings.push(`${topic}: ${text}`)
    for (const look of looks) look()
  }
  const node = await GzNode.open({ ...options, settings: settingsOf(env, options.dialect), onWarning })
  nodes.add(node)
  const warned = (text: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = warnings.find(warning => text.test(warning))
        if (found === undefined) return
        clearTimeout(timer)
        looks.delete(look)
        resolve(found)
      }
      const timer = setTimeout(
        () => reject(new Error(`no warning ${text}; there were: ${warnings.join(' | ')}`)),
        PATIENCE,
      )
      looks.add(look)
      look()
    })
  return { node, warnings, warned }
}

/** Whoever is still there when a file's tests are done ends with them. */
export function endWithTests(): void {
  afterAll(async () => {
    endAll()
    await Promise.all([...nodes].map(node => node.close()))
  })
}

function start(name: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  const child = spawn(program(name), args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  started.add(child)
  child.once('exit', () => started.delete(child))
  return child
}

/** `ign-transport-topic -t TOPIC -m TYPE -p TEXT`: publishes once, 0.8 s after it announced itself. */
export function publish(env: Record<string, string>, topic: string, type: string, text: string): ChildProcess {
  return start('topic', ['-t', topic, '-m', type, '-p', text], env)
}

/**
 * Publishes again and again until `heard` is there: the program does it once, whether anybody is connected by then or
 * not.
 */
export async function publishUntil<T>(heard: Promise<T>, ...message: Parameters<typeof publish>): Promise<T> {
  let waiting = true
  void heard
    .catch(() => undefined)
    .finally(() => {
      waiting = false
    })
  while (waiting) {
    const child = publish(...message)
    await Promise.race([heard, new Promise(resolve => child.once('exit', resolve))])
  }
  return heard
}

/** `ign-transport-topic -e -t TOPIC -n COUNT`: resolves with what it printed of that many messages. */
export function echo(env: Record<string, string>, topic: string, count: number): Promise<string> {
  const child = start('topic', ['-e', '-t', topic, '-n', String(count)], env)
  let output = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${topic}: not ${count} messages: ${output}`)), PATIENCE)
    child.once('close', () => {
      clearTimeout(timer)
      resolve(output)
    })
  })
}

/** `ign-transport-topic -e -t TOPIC`: its messages as text, as they come. */
export class Listener {
  readonly #child: ChildProcess
  readonly #heard: string[] = []
  #rest = ''
  #look: () => void = () => undefined

  constructor(env: NodeJS.ProcessEnv, topic: string) {
    this.#child = start('topic', ['-e', '-t', topic], env)
    // The program ends each message by an empty line.
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const messages = (this.#rest + text).split('\n\n')
      this.#rest = messages.pop() ?? ''
      this.#heard.push(...messages)
      this.#look()
    })
  }

  /** Whole messages that have come. */
  get heard(): readonly string[] {
    return this.#heard
  }

  /** Resolves once they are good. */
  until(good: () => boolean): Promise<void> {
    return new Promise(resolve => {
      this.#look = () => {
        if (good()) resolve()
      }
      this.#look()
    })
  }

  async stop(): Promise<void> {
    const end = new Promise(resolve => this.#child.once('close', resolve))
    this.#child.kill('SIGINT')
    await end
  }
}

/** Runs one of the programs to its end; what it wrote to stdout and stderr. */
export function run(env: NodeJS.ProcessEnv, name: 'topic' | 'service', ...args: string[]): Promise<string> {
  return new Promise((resolve, reject) =>
    execFile(program(name), args, { env: { ...process.env, ...env }, timeout: PATIENCE }, (error, stdout, stderr) =>
      error ? reject(error) : resolve(stdout + stderr),
    ),
  )
}

/** Asks until the answer is good, and returns it. */
export async function until<T>(ask: () => T | Promise<T>, good: (answer: T) => boolean): Promise<T> {
  for (const end = performance.now() + PATIENCE; ; ) {
    const answer = await ask()
    if (good(answer)) return answer
    if (performance.now() > end) throw new Error(`still ${JSON.stringify(answer)}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}
