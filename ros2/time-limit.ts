/**
 * Calls `work` with a signal that is aborted when `ended` is, or when `limit` ms have passed since the call. Resolves
 * and rejects as `work` does.
 *
 * `AbortSignal.any` of an `AbortSignal.timeout` does not serve: the garbage collector may take the inner signal, since
 * only the outer one is held, and the limit then never comes (nodejs/node issue 57736).
 */
export async function withTimeLimit<T>(
  ended: AbortSignal,
  limit: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const either = new AbortController()
  const abort = (): void => either.abort()
  const timer = setTimeout(abort, limit)
  ended.addEventListener('abort', abort)
  if (ended.aborted) abort()
  try {
    return await work(either.signal)
  } finally {
    clearTimeout(timer)
    ended.removeEventListener('abort', abort)
  }
}
