import { InferenceSession } from 'onnxruntime-node'

const ERRORS_ONLY = 3

/** An inference session on `threads` threads that says nothing but errors. Throws what onnxruntime throws. */
export function openSession(path: string, threads: number): Promise<InferenceSession> {
  return InferenceSession.create(path, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: ERRORS_ONLY,
  })
}
