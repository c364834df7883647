import type { PseudoTerminal } from './pseudo-terminal.js'
import type { ServoLine } from './servo-line.js'

/** ns without a byte after which the servos give an unfinished packet up. */
const LONGEST_PAUSE = 50e6

/**
 * Connects a line of servos with a pseudo-terminal, at the speed of a real wire: an answer comes no earlier than the
 * last bit of request and answer would have passed. While an answer is on its way the event loop is polled.
 */
export function paceLine(terminal: PseudoTerminal, line: ServoLine): void {
  const waiting: { readonly at: number; readonly bytes: Uint8Array }[] = []
  /** ns when the last byte of the newest request has passed. */
  let passed = 0
  let heard = 0
  const send = (): void => {
    for (let next = waiting[0]; next !== undefined && next.at <= now(); next = waiting[0]) {
      waiting.shift()
      terminal.write(next.bytes)
    }
    if (waiting.length > 0) setImmediate(send)
  }
  terminal.onBytes(bytes => {
    const time = now()
    if (time - heard > LONGEST_PAUSE) line.pause()
    heard = time
    passed = Math.max(time, passed) + bytes.length * line.byteTime
    const idle = waiting.length === 0
    line.receive(bytes, (answer, after) => waiting.push({ at: passed + after, bytes: answer }))
    if (idle && waiting.length > 0) send()
  })
}

const now = (): number => Number(process.hrtime.bigint())
