import { InferenceSession } from 'onnxruntime-node'

const ERRORS_ONLY = 3

/** Opens an inference session on `threads` threads that logs only errors. Throws the errors of onnxruntime. */
export function openSession(path: string, threads: number): Promise<InferenceSession> {
  return InferenceSession.create(path, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: ERRORS_ONLY,
  })
}
