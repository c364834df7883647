import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, test } from 'vitest'
import { describeRos } from './environment.js'
import { playedWhole } from './played-whole.js'
import { domain, endWithTests, startPeer } from './processes.js'

describeRos("the fusion node's recording", () => {
  const env = domain(5)
  const folder = mkdtempSync(join(tmpdir(), 'prehend-replay-'))
  endWithTests()
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('the fusion node receives a played recording from its first message on, each of five times that ' +
    'it is started', async () => {
    const peer = await startPeer(env)
    await peer.ask('listen', { topic: '/diagnostics', type: 'diagnostic_msgs/msg/DiagnosticArray', match: 0 })
    await playedWhole(peer, env, folder, 5)
  }, 180_000)
})
