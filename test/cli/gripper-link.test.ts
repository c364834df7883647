import { lstatSync, mkdtempSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { linkPort } from '../../cli/ros2/gripper-link.js'

describe('the link to the gripper\'s port', () => {
  let folder: string
  let path: string
  /** Files stand for pseudo-terminals. */
  let [mine, others] = ['', '']
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'prehend-link-'))
    path = join(folder, 'gripper')
    mine = join(folder, '7')
    others = join(folder, '8')
    for (const port of [mine, others]) writeFileSync(port, '')
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('is there until it is disposed of', () => {
    const link = linkPort(mine, path)
    expect(readlinkSync(path)).toBe(mine)
    link.dispose()
    expect(lstatSync(path, { throwIfNoEntry: false })).toBeUndefined()
    link.dispose()
  })

  it('replaces one that leads nowhere, and one to its own port', () => {
    symlinkSync(join(folder, 'gone'), path)
    linkPort(mine, path)
    linkPort(mine, path)
    expect(readlinkSync(path)).toBe(mine)
  })

  it('leaves a file alone, and a link to what is there', () => {
    writeFileSync(path, 'mine')
    expect(() => linkPort(mine, path)).toThrow(/no link: name another path/)
    expect(readFileSync(path, 'utf8')).toBe('mine')
    rmSync(path)
    linkPort(others, path)
    expect(() => linkPort(mine, path)).toThrow(/leads to .*8, which is in use: name another path/)
    expect(readlinkSync(path)).toBe(others)
  })

  it('leaves alone what came in its place', () => {
    const link = linkPort(mine, path)
    rmSync(path)
    symlinkSync(others, path)
    link.dispose()
    expect(readlinkSync(path)).toBe(others)
    rmSync(path)
    writeFileSync(path, 'mine')
    link.dispose()
    expect(readFileSync(path, 'utf8')).toBe('mine')
  })
})
