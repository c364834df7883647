import { expect, test } from 'vitest'
import { readEvalOptions, rowsOf } from '../../app/evaluation/eval-registry.js'
import { loadPolicyUnderTest } from '../../app/evaluation/policy-under-test.js'
import { provenanceOf } from '../../app/evaluation/provenance.js'
import { runShare } from '../../app/evaluation/share.js'
import { Ending } from '../../app/output/ending.js'

/** The row `execution` of the report on a benchmark of the SO-101 cell, whose expert has an execution of its own. */
async function executionRow(asked: object): Promise<string | undefined> {
  const options = { ...readEvalOptions({ robot: 'so101', ...asked }), episodes: 0 }
  const ending = new Ending()
  const subject = await loadPolicyUnderTest(options, ending.signal)
  const progress = { step: () => undefined, note: () => undefined }
  const { execution } = await runShare(options, subject, progress, ending)
  const rows = rowsOf({ options, provenance: await provenanceOf(subject), episodes: 0, execution })
  return new Map(rows).get('execution')
}

test("the report names the policy's own execution where none is asked for", async () => {
  expect(await executionRow({})).toBe('receding_horizon')
}, 60_000)

test("the user's execution counts more than the policy's own", async () => {
  expect(await executionRow({ execution: 'receding_horizon:3' })).toBe('receding_horizon:3')
}, 60_000)
