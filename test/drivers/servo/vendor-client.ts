import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { ServoRequest } from '../../../drivers/servo/servo-protocol.js'
import { python } from '../../sim/firmware/python-path.js'

/** What the vendor's package gives back. `result` is its own code, 0 for success. */
export interface VendorAnswer {
  readonly result: number
  readonly error: number
  readonly data: unknown
}

/** A request of one package alone. */
type Plain = Readonly<Record<string, unknown>> & { readonly kind: string }

/** A vendor's Python package in a process of its own, as a client of the bus at `path`. */
export interface VendorClient {
  ask(request: ServoRequest | Plain): Promise<VendorAnswer>
  close(): Promise<void>
}

/** `patience`: ms that it waits for an answer. */
export async function startVendorClient(
  family: 'feetech' | 'dynamixel',
  path: string,
  { patience = 2000 }: { readonly patience?: number } = {},
): Promise<VendorClient> {
  const script = fileURLToPath(new URL('./vendor_client.py', import.meta.url))
  const child = spawn(python(), [script, family, path, String(patience)], { stdio: ['pipe', 'pipe', 'inherit'] })
  const gone = new Promise<void>(resolve => child.once('exit', () => resolve()))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async (): Promise<string> => {
    const { value, done } = await lines.next()
    if (done === true) throw new Error(`vendor_client.py ${family}: ended; its message is above`)
    return value as string
  }
  await next()
  return {
    async ask(request) {
      child.stdin.write(`${JSON.stringify(plain(request))}\n`)
      return JSON.parse(await next()) as VendorAnswer
    },
    close() {
      child.stdin.end()
      return gone
    },
  }
}

/** The request with its bytes as lists. */
function plain(request: ServoRequest | Plain): unknown {
  return JSON.parse(JSON.stringify(request, (_, value: unknown) => (value instanceof Uint8Array ? [...value] : value)))
}
