import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** A child process whose last line on standard output is one JSON object. */
export class Running {
  readonly #child: ChildProcess
  readonly #ended: Promise<string>
  readonly #begun: Promise<void>

  constructor(child: ChildProcess) {
    this.#child = child
    let text = ''
    this.#begun = new Promise((resolve, reject) => {
      child.stdout?.setEncoding('utf8').on('data', (more: string) => {
        text += more
        resolve()
      })
      child.on('close', code => reject(new Error(`${child.spawnfile} ended with ${code} before it said anything`)))
    })
    this.#begun.catch(() => undefined)
    this.#ended = new Promise((resolve, reject) => {
      child.on('error', reject)
      child.on('close', () => resolve(text))
    })
    this.#ended.catch(() => undefined)
  }

  /** Resolves when it has written something. */
  begun(): Promise<void> {
    return this.#begun
  }

  /**
   * Its CPU time so far, s: user and system time of all threads (Linux: fields 14 and 15 of /proc/PID/stat, in
   * hundredths).
   */
  cpu(): number {
    const stat = readFileSync(`/proc/${this.#child.pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) / 100
  }

  async answer<T>(): Promise<T> {
    const lines = (await this.#ended).trim().split('\n')
    return JSON.parse(lines.at(-1) ?? '') as T
  }

  interrupted<T>(): Promise<T> {
    this.#child.kill('SIGINT')
    return this.answer<T>()
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }
}
