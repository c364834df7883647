import fc from 'fast-check'
import { expect, it } from 'vitest'
import { LifecycleNode, type Transition } from '../../middleware/lifecycle.js'

/** A node that knows what it holds open, and fails in the hooks that the test names. */
class Node extends LifecycleNode {
  readonly open = new Set<'resource' | 'activity'>()
  failing: string | undefined

  constructor() {
    super('node')
  }

  protected override onConfigure(): void {
    this.open.add('resource')
    this.#fail('configure')
  }

  protected override async onActivate(): Promise<void> {
    this.open.add('activity')
    await Promise.resolve()
    this.#fail('activate')
  }

  protected override onDeactivate(): void {
    this.open.delete('activity')
    this.#fail('deactivate')
  }

  protected override onCleanup(): void {
    this.open.delete('resource')
    this.#fail('cleanup')
  }

  #fail(where: string): void {
    if (this.failing === where) throw new Error(where)
  }
}

const OPEN = { unconfigured: [], inactive: ['resource'], active: ['resource', 'activity'], finalized: [] } as const
const names = ['configure', 'activate', 'deactivate', 'cleanup', 'shutdown'] as const satisfies readonly Transition[]

it(
  'in any order of transitions, failing or not, a node holds open exactly what belongs to its ' + 'state',
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            transition: fc.constantFrom(...names),
            failing: fc.constantFrom(undefined, undefined, ...names),
          }),
          { maxLength: 12 },
        ),
        async steps => {
          const node = new Node()
          for (const { transition, failing } of steps) {
            const before = node.state
            node.failing = failing
            const outcome = await node[transition]().then(
              () => 'made',
              (error: Error) => ('code' in error ? 'refused' : 'failed'),
            )
            if (outcome === 'refused') expect(node.state).toBe(before)
            if (outcome === 'failed') expect(node.state).toBe('unconfigured')
            expect([...node.open]).toEqual(OPEN[node.state])
          }
        },
      ),
    )
  },
)

it('transitions never overlap', async () => {
  const node = new Node()
  await node.configure()
  const activating = node.activate()
  await expect(node.deactivate()).rejects.toMatchObject({ code: 'LIFECYCLE' })
  await activating
  expect(node.state).toBe('active')
})
