/**
 * Resolves after `ms` of a running event loop: a timer that fires much too late tells of a stall in this process, in
 * which no answer could be heard, so the time then starts anew, once. Never resolves after an abort.
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
