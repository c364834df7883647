import { spawn, type ChildProcess } from 'node:child_process'
import type { Socket } from 'node:net'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ANSWER, type ProgramOptions } from './inference-wire.js'
import { PolicyError } from '../policy-error.js'

/** Most ms for one answer of a model. Loading and first run together count as one answer. */
export const PATIENCE = 30_000
/** Most ms that `close` waits for an answer. */
const GRACE = 1000

interface Waiting {
  resolve(ms: number): void
  reject(error: PolicyError): void
}

/**
 * Runs a model in a process of its own. Native code that hangs can only be ended with its process, and native code that
 * crashes ends its process. This process can be ended at any time, and nothing else ends with it. It ends with the
 * process that started it.
 */
export class InferenceProcess {
  readonly #path: string
  readonly #outputs: Uint8Array
  /** The byte behind the inputs; empty where the model has no state. */
  readonly #begins: Uint8Array
  readonly #patience: number
  readonly #child: ChildProcess
  readonly #wire: Socket
  readonly #exited: Promise<void>
  readonly #kill = (): void => void this.#child.kill('SIGKILL')
  #received: Buffer = Buffer.alloc(0)
  #waiting: Waiting | undefined
  #ended: PolicyError | undefined

  /** The outputs of each run are written to `outputs`. */
  constructor(path: string, options: Omit<ProgramOptions, 'parent'>, outputs: Uint8Array, patience: number) {
    this.#path = path
    this.#outputs = outputs
    this.#begins = new Uint8Array(options.states.length > 0 ? 1 : 0)
    this.#patience = patience
    // In a session of its own the process gets no Ctrl-C of the terminal.
    this.#child = spawn(
      process.execPath,
      [...program(), JSON.stringify({ ...options, parent: process.pid } satisfies ProgramOptions)],
      { stdio: ['ignore', 'ignore', 'ignore', 'pipe'], detached: true },
    )
    this.#wire = this.#child.stdio[3] as Socket
    this.#wire.on('data', (data: Buffer) => this.#receive(data))
    this.#wire.on('error', () => undefined)
    this.#exited = new Promise(resolve => {
      const over = (how: string): void => {
        this.#end(new PolicyError('POLICY_RUNTIME', `${path}: the process of the model ${how}`))
        process.off('exit', this.#kill)
        resolve()
      }
      this.#child.on('error', error => over(`cannot be started: ${error.message}`))
      this.#child.on('exit', (code, signal) => over(`ended by itself (${signal ?? `exit code ${code}`})`))
    })
    // The exit event reports how the process ended.
    this.#wire.on('close', () => this.#child.ref())
    this.#child.unref()
    process.on('exit', this.#kill)
  }

  /** Why the process can run no more. Undefined as long as it can. */
  get ended(): PolicyError | undefined {
    return this.#ended
  }

  /**
   * Waits until the model has run once on zeros. `signal` ends the wait. Rejects with PolicyError `POLICY_RUNTIME`, or
   * with `POLICY_CLOSED` where the process was ended.
   */
  async started(signal?: AbortSignal): Promise<void> {
    const end = (): void =>
      this.#end(new PolicyError('POLICY_CLOSED', `${this.#path}: interrupted while the model was being loaded`))
    signal?.addEventListener('abort', end)
    try {
      if (signal?.aborted) end()
      await this.#answer('load and run once')
    } finally {
      signal?.removeEventListener('abort', end)
    }
  }

  /**
   * Runs the model on `inputs`, which must not change during the run. `begins`: its recurrent states begin anew, and are not those
   * of the run before. Resolves with the ms that the inference took. One run at a time. Rejects as `started`.
   */
  run(inputs: Uint8Array, { begins }: { readonly begins: boolean }): Promise<number> {
    const answer = this.#answer('answer')
    if (this.#ended === undefined) {
      this.#wire.write(inputs)
      if (this.#begins.length > 0) this.#wire.write(this.#begins.fill(begins ? 1 : 0))
    }
    return answer
  }

  /** Ends the process. Resolves when it is gone. */
  async close(underWay: Promise<unknown>): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    await Promise.race([
      underWay,
      new Promise(resolve => {
        timer = setTimeout(resolve, GRACE)
      }),
    ])
    clearTimeout(timer)
    this.#end(new PolicyError('POLICY_CLOSED', `${this.#path}: the policy is closed`))
    this.#child.ref()
    await this.#exited
  }

  #answer(task: string): Promise<number> {
    return new Promise<number>((resolve, reject) => {
      if (this.#ended) return reject(this.#ended)
      const timer = setTimeout(
        () =>
          this.#end(
            new PolicyError(
              'POLICY_RUNTIME',
              `${this.#path}: the model did not ${task} within ${this.#patience / 1000} s, so it was ended: it ` +
                'hangs, or is too slow for this machine; use another',
            ),
          ),
        this.#patience,
      )
      this.#wire.ref()
      const done = (): void => {
        clearTimeout(timer)
        this.#waiting = undefined
        this.#wire.unref()
      }
      this.#waiting = {
        resolve: ms => {
          done()
          resolve(ms)
        },
        reject: error => {
          done()
          reject(error)
        },
      }
    })
  }

  #receive(data: Buffer): void {
    this.#received = this.#received.length === 0 ? data : Buffer.concat([this.#received, data])
    if (this.#received.length < ANSWER.head) return
    const length = this.#received.readUInt32LE(ANSWER.length)
    if (this.#received.length < ANSWER.head + length) return
    const [kind, ms, body] = [
      this.#received[ANSWER.kind],
      this.#received.readDoubleLE(ANSWER.ms),
      this.#received.subarray(ANSWER.head, ANSWER.head + length),
    ]
    this.#received = Buffer.alloc(0)
    if (kind === ANSWER.done) {
      this.#outputs.set(body)
      this.#waiting?.resolve(ms)
    } else {
      this.#waiting?.reject(
        new PolicyError(
          'POLICY_RUNTIME',
          `${this.#path}: the model does not ${kind === ANSWER.notLoaded ? 'load' : 'run'}: ${body.toString()}`,
        ),
      )
    }
  }

  /** Ends the process, whatever it is doing. */
  #end(error: PolicyError): void {
    if (this.#ended) return
    this.#ended = error
    this.#kill()
    this.#waiting?.reject(error)
  }
}

/** The arguments for Node: the compiled program, or its source through a loader. */
function program(): string[] {
  const extension = extname(import.meta.url)
  const entry = new URL(`./inference-program${extension}`, import.meta.url)
  return extension === '.ts'
    ? [fileURLToPath(new URL('./worker-from-source.mjs', import.meta.url)), entry.href]
    : [fileURLToPath(entry)]
}
