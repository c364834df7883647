import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { lstatSync, mkdtempSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { linkPort } from '../../app/session/gripper-link.js'
import { python } from '../sim/firmware/python-path.js'

describe("the link to the gripper's port", () => {
  let folder: string
  let path: string
  let children: ChildProcess[]
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'prehend-link-'))
    path = join(folder, 'gripper')
    children = []
  })
  afterEach(() => {
    for (const child of children) child.kill('SIGKILL')
    rmSync(folder, { recursive: true })
  })

  /** The path of a pseudo-terminal of another process. It exists until that process is killed. */
  async function terminal(...wanted: string[]): Promise<{ path: string; kill: () => Promise<void> }> {
    const child = spawn(
      python(),
      [fileURLToPath(new URL('../drivers/pseudo_terminal.py', import.meta.url)), ...wanted],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    )
    children.push(child)
    const ended = new Promise<void>(resolve => child.once('exit', () => resolve()))
    const line = await new Promise<string>(resolve =>
      child.stdout.once('data', (text: Buffer) => resolve(text.toString())),
    )
    return { path: line.trim(), kill: () => (child.kill('SIGKILL'), ended) }
  }

  it('exists until it is disposed of', async () => {
    const mine = await terminal()
    const link = linkPort(mine.path, path)
    expect(readlinkSync(path)).toBe(mine.path)
    link.dispose()
    expect(lstatSync(path, { throwIfNoEntry: false })).toBeUndefined()
    link.dispose()
  })

  it('replaces one to a pseudo-terminal that is gone, and one to its own port', async () => {
    const [gone, mine] = [await terminal(), await terminal()]
    linkPort(gone.path, path)
    await gone.kill()
    linkPort(mine.path, path)
    linkPort(mine.path, path)
    expect(readlinkSync(path)).toBe(mine.path)
  })

  it('replaces one that a killed cell left behind, whose number another program was given since', {
    timeout: 20_000,
  }, async () => {
    const gone = await terminal()
    linkPort(gone.path, path)
    await new Promise(resolve => setTimeout(resolve, 150))
    await gone.kill()
    await terminal(gone.path)
    const mine = await terminal()
    linkPort(mine.path, path)
    expect(readlinkSync(path)).toBe(mine.path)
  })

  it(
    "leaves a file alone, a link to another cell's terminal, and a link that no cell made, even where " +
      'that leads nowhere',
    async () => {
      const [mine, others] = [await terminal(), await terminal()]
      writeFileSync(path, 'mine')
      expect(() => linkPort(mine.path, path)).toThrow(/no link: name another path/)
      expect(readFileSync(path, 'utf8')).toBe('mine')
      rmSync(path)
      linkPort(others.path, path)
      expect(() => linkPort(mine.path, path)).toThrow(/leads to \/dev\/pts\/\d+, which is in use: name another path/)
      expect(readlinkSync(path)).toBe(others.path)
      rmSync(path)
      symlinkSync(join(folder, 'not-mounted', 'data'), path)
      expect(() => linkPort(mine.path, path)).toThrow(/data, which is no pseudo-terminal: name another path/)
      expect(readlinkSync(path)).toBe(join(folder, 'not-mounted', 'data'))
    },
  )

  it('leaves a file alone that replaced it', async () => {
    const [mine, others] = [await terminal(), await terminal()]
    const link = linkPort(mine.path, path)
    rmSync(path)
    symlinkSync(others.path, path)
    link.dispose()
    expect(readlinkSync(path)).toBe(others.path)
    rmSync(path)
    writeFileSync(path, 'mine')
    link.dispose()
    expect(readFileSync(path, 'utf8')).toBe('mine')
  })
})
