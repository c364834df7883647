/**
 * Resolves after `ms` in which the event loop ran. When the timer fires more than a quarter of `ms` too late, this
 * process was stalled and could not receive an answer, so the full time is waited once more. Never resolves after an
 * abort.
 */
export function elapsed(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const due = performance.now() + ms
    const fire = (): void => {
      if (performance.now() - due > ms / 4) timer = setTimeout(resolve, ms)
      else resolve()
    }
    let timer = setTimeout(fire, ms)
    signal.addEventListener('abort', () => clearTimeout(timer))
  })
}
