/** Resolves with `step`. Rejects once `progress` has not changed for `ms`; without `progress`, `ms` after the call. */
export async function within(
  ms: number,
  name: string,
  step: Promise<unknown> | undefined,
  progress: () => unknown = () => 0,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    let before = progress()
    timer = setInterval(() => {
      const now = progress()
      if (now === before) reject(new Error(`${name}: did not close within ${ms / 1000} s; it is left as it is`))
      before = now
    }, ms)
  })
  try {
    await Promise.race([step, late])
  } finally {
    clearInterval(timer)
  }
}
