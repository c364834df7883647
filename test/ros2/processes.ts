import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll } from 'vitest'
import { root, rosEnvironment } from './environment.js'

/** ms within which an answer must have come. */
const PATIENCE = 40_000

const started = new Set<ChildProcess>()
const endAll = (): void => {
  for (const child of started) child.kill('SIGKILL')
}
process.once('exit', endAll)

/**
 * The environment with a ROS 2 domain for one test file (`file`: -9 to 12), on this machine only. A second run at the
 * same time most likely has another domain.
 */
export function domain(file: number): NodeJS.ProcessEnv {
  return {
    ...rosEnvironment(),
    ROS_DOMAIN_ID: String(100 + 10 * file + (process.pid % 10)),
    ROS_AUTOMATIC_DISCOVERY_RANGE: 'LOCALHOST',
    RCUTILS_COLORIZED_OUTPUT: '0',
  }
}

function start(command: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  const child = spawn(command, args, { cwd: root, env, stdio: 'pipe' })
  started.add(child)
  child.once('exit', () => started.delete(child))
  return child
}

/** Ends the processes that still run when the tests of a file are done. */
export function endWithTests(): void {
  afterAll(endAll)
}

/** A process that answers a line of JSON with a line of JSON. */
export class Talk {
  readonly child: ChildProcess
  errors = ''
  readonly #waiting = new Map<number, { resolve: (answer: never) => void; reject: (error: Error) => void }>()
  #last = 0

  private constructor(child: ChildProcess) {
    this.child = child
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.errors += text
    })
    child.once('close', () => {
      for (const { reject } of this.#waiting.values())
        reject(new Error(`ended with ${child.exitCode ?? child.signalCode}: ${this.errors}`))
    })
  }

  static async start(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Talk> {
    const talk = new Talk(start(command, args, env))
    await talk.#listen()
    return talk
  }

  ask<T = null>(does: string, request: object = {}): Promise<T> {
    const id = ++this.#last
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`${does} ${JSON.stringify(request)}: no answer; it said: ${this.errors}`)),
        PATIENCE,
      )
      this.#waiting.set(id, {
        resolve: answer => {
          clearTimeout(timer)
          resolve(answer)
        },
        reject: error => {
          clearTimeout(timer)
          reject(error)
        },
      })
      this.child.stdin?.write(`${JSON.stringify({ ...request, id, do: does })}\n`)
    })
  }

  end(): Promise<void> {
    const ended = new Promise<void>(resolve => this.child.once('close', () => resolve()))
    this.child.stdin?.end()
    return ended
  }

  #listen(): Promise<void> {
    const { stdout } = this.child
    if (!stdout) throw new Error('no stdout')
    return new Promise((resolve, reject) => {
      this.#waiting.set(0, { resolve: () => undefined, reject })
      createInterface({ input: stdout }).on('line', text => {
        const line = JSON.parse(text) as { ready?: boolean; id: number; answer?: never; error?: string }
        if (line.ready) {
          this.#waiting.delete(0)
          return resolve()
        }
        const waiting = this.#waiting.get(line.id)
        this.#waiting.delete(line.id)
        if (line.error === undefined) waiting?.resolve(line.answer as never)
        else waiting?.reject(new Error(line.error))
      })
    })
  }
}

/** Starts a peer with rclpy (peer.py). */
export const startPeer = (env: NodeJS.ProcessEnv): Promise<Talk> =>
  Talk.start('python3', [join(root, 'test/ros2/peer.py')], env)

/** Starts our bus in a process of its own (bus-process.ts). */
export const startBus = (env: NodeJS.ProcessEnv, args: readonly string[] = []): Promise<Talk> =>
  Talk.start(process.execPath, ['--import', 'tsx', join(root, 'test/ros2/bus-process.ts'), ...args], env)

export interface RunningNode {
  readonly child: ChildProcess
  /** What the process has written to stdout and stderr. */
  readonly output: () => string
  /** Its exit code and its output. */
  readonly end: Promise<{ readonly status: number | null; readonly stdout: string; readonly log: string }>
  /** Resolves once its output matches. */
  said(text: RegExp): Promise<RegExpExecArray>
  /** Sends a signal. Resolves when the process has ended. */
  signal(signal?: NodeJS.Signals): RunningNode['end']
}

/** `prehend node NAME --ros-args …`, as a launch file starts it. */
export const startNode = (
  name: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  flags: readonly string[] = [],
): RunningNode =>
  watched(
    `node ${name}`,
    start(
      process.execPath,
      [join(root, 'bin/prehend'), 'node', name, ...flags, ...(args.length > 0 ? ['--ros-args', ...args] : [])],
      env,
    ),
  )

/** The stand-in for ros_gz_bridge (gazebo-bridge.ts) with a file of its entries, as gazebo.launch.py starts it. */
export const startGazeboBridge = (file: string, env: NodeJS.ProcessEnv): RunningNode =>
  watched(
    'bridge',
    start(
      process.execPath,
      ['--import', 'tsx', join(root, 'test/ros2/gazebo-bridge.ts'), file, '--ros-args', '-p', 'use_sim_time:=true'],
      env,
    ),
  )

function watched(name: string, child: ChildProcess): RunningNode {
  let stdout = ''
  let all = ''
  const checks = new Set<() => void>()
  const hear = (text: string): void => {
    all += text
    for (const check of checks) check()
  }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    hear(text)
  })
  child.stderr?.setEncoding('utf8').on('data', hear)
  const end: RunningNode['end'] = new Promise(resolve =>
    child.on('close', status => resolve({ status, stdout, log: all })),
  )
  const said = (text: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const done = (): void => {
        clearTimeout(timer)
        checks.delete(check)
      }
      const check = (): void => {
        const found = text.exec(all)
        if (found) {
          done()
          resolve(found)
        }
      }
      const timer = setTimeout(() => {
        done()
        reject(new Error(`${name} did not say ${text}; it said:\n${all}`))
      }, PATIENCE)
      checks.add(check)
      void end.then(({ status }) => {
        check()
        done()
        reject(new Error(`${name} ended with ${status} before it said ${text}; it said:\n${all}`))
      })
      check()
    })
  return {
    child,
    output: () => all,
    end,
    said,
    signal: (signal = 'SIGINT') => {
      child.kill(signal)
      return end
    },
  }
}

/** Asks until the answer passes, and returns it. */
export async function until<T>(ask: () => Promise<T>, good: (answer: T) => boolean, patience = 20_000): Promise<T> {
  for (const end = performance.now() + patience; ; ) {
    const answer = await ask()
    if (good(answer)) return answer
    if (performance.now() > end) throw new Error(`still ${JSON.stringify(answer).slice(0, 2000)}`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}
