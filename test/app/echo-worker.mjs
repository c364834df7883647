// Answers with a share that has no result, and in place of its traces what it was given to run.
process.once('message', options =>
  process.send(
    {
      results: [],
      traces: [options],
      inferenceMs: 0,
      inferences: 0,
      realTimeFactor: 0,
      crcErrors: 0,
      execution: 'temporal_ensembling',
    },
    () => process.disconnect(),
  ),
)
