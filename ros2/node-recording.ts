import { BagWriter, type BagWriterOptions } from '../middleware/bag/bag-writer.js'
import type { MessageTypes, TypeName } from '../middleware/messages.js'
import type { Status } from '../middleware/ros2/diagnostics.js'
import type { RosLogger } from '../middleware/ros2/rclnodejs.js'
import { exitOf } from '../app/output/output.js'

/** The recording of a node. Where it fails, the node goes on; the log is told once, and the diagnostics say so. */
export class NodeRecording {
  readonly #path: string
  readonly #writer: BagWriter
  readonly #log: Pick<RosLogger, 'info' | 'error'>
  #failure: Error | undefined

  /** Throws BagError if nothing can be written at `path`. */
  constructor(path: string, options: BagWriterOptions, log: Pick<RosLogger, 'info' | 'error'>) {
    this.#path = path
    this.#writer = new BagWriter(path, { ...options, realTime: true, onFailure: error => this.#fail(error) })
    this.#log = log
    log.info(`records into ${path}`)
  }

  /** Bytes that were written to the disk so far. */
  get written(): number {
    return this.#writer.written
  }

  /** For the diagnostics. */
  get status(): Status {
    const failure = this.#failure
    return {
      name: 'recording',
      level: failure ? 'error' : 'ok',
      message: failure?.message ?? 'recording',
      values: { path: this.#path, messages: this.#writer.messages, failed: failure !== undefined },
    }
  }

  /**
   * `receive`: bus time, ns. Throws CdrError if the message cannot be encoded; the recording then goes on without it.
   */
  write<T extends TypeName>(topic: string, type: T, message: MessageTypes[T], receive: number): void {
    this.#writer.write(topic, type, message, receive)
  }

  /**
   * Ends the recording. `begun`: whether the node was ever active; otherwise the recording is deleted. Resolves with
   * the exit code of a failure; undefined: there was none.
   */
  async close(begun: boolean): Promise<number | undefined> {
    try {
      await (begun ? this.#writer.close() : this.#writer.discard())
    } catch (error) {
      this.#fail(error)
    }
    return this.#failure && (exitOf(this.#failure) ?? 1)
  }

  #fail(error: unknown): void {
    if (this.#failure) return
    this.#failure = error instanceof Error ? error : new Error(String(error))
    this.#log.error(`the recording ends here: ${this.#failure.message}`)
  }
}
