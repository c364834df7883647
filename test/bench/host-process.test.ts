import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startHostProcess } from '../../bench/host-process.js'

function script(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'prehend-host-')), 'host.mjs')
  writeFileSync(path, text)
  return path
}

function isRunning(id: number): boolean {
  try {
    return process.kill(id, 0)
  } catch {
    return false
  }
}

test('a host says its first line and ends with its standard input', async () => {
  const host = await startHostProcess(script(`console.log(process.pid); process.stdin.resume()`))
  expect(isRunning(Number(host.line))).toBe(true)
  await host.end()
  expect(isRunning(Number(host.line))).toBe(false)
})

test('a host that ends before its first line rejects with its exit code', async () => {
  await expect(startHostProcess(script(`process.exitCode = 3`))).rejects.toThrow(/ended with exit code 3 before its/)
})

test('a host that has already ended does not keep its user waiting', async () => {
  const host = await startHostProcess(script(`console.log(process.pid)`))
  while (isRunning(Number(host.line))) await new Promise(resolve => setImmediate(resolve))
  await host.end()
})
