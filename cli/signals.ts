const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Calls `listener` at Ctrl-C, at a request to end, and when the terminal goes away; ends when disposed of. */
export function onEnding(listener: (signal: string) => void): { dispose(): void } {
  for (const signal of ENDING) process.on(signal, listener)
  return {
    dispose: () => {
      for (const signal of ENDING) process.off(signal, listener)
    },
  }
}
