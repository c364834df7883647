import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  isInstalled,
  installCommand,
  MissingPackageError,
  PEERS,
  requireAll,
  type Need,
  type PeerName,
} from '../../peers/peers.js'

const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as Record<
  'dependencies' | 'devDependencies' | 'peerDependencies' | 'peerDependenciesMeta',
  Readonly<Record<string, unknown>>
>
const names = Object.keys(PEERS) as PeerName[]

test('the optional peers of package.json are the packages that are asked for; a checkout has them all', () => {
  expect(Object.keys(manifest.peerDependencies).sort()).toEqual([...names].sort())
  for (const name of names) {
    expect(manifest.peerDependenciesMeta[name], name).toEqual({ optional: true })
    expect(manifest.devDependencies[name], name).toBe(manifest.peerDependencies[name])
    expect(manifest.dependencies, name).not.toHaveProperty(name)
    expect(isInstalled(name), name).toBe(true)
  }
})

test('one line says what is missing and what installs it', () => {
  const error = new MissingPackageError('bag.db3', ['libsql'])
  expect(error).toMatchObject({ code: 'PACKAGE_MISSING', exit: 2, packages: ['libsql'] })
  expect(error.message).toBe('bag.db3: the package libsql is not installed: run `npm install libsql@0.5`')
  expect(new MissingPackageError('a policy', ['sharp', 'rclnodejs', 'onnxruntime-node']).message).toBe(
    'a policy: the packages sharp, rclnodejs and onnxruntime-node are not installed: ' +
      'run `npm install --ignore-scripts sharp@0.35 rclnodejs@2.2 onnxruntime-node@1`',
  )
  expect(new MissingPackageError('a, b.onnx', ['sharp', 'libsql']).message).toMatch(
    /^a, b\.onnx: the packages sharp and libsql are /,
  )
  expect(() => requireAll([{ purpose: 'a, b.onnx', packages: ['sharp'] }], () => false)).toThrow(/^a, b\.onnx: the /)
  // No shell makes anything else of it.
  expect(installCommand(names)).toMatch(/^npm install [-\w@/. ]+$/)
})

test('the packages go where prehend is: into the project, or beside a global installation', () => {
  const folder = mkdtempSync(join(tmpdir(), 'prehend-peers-'))
  try {
    const installed = join(folder, 'node_modules/prehend')
    mkdirSync(installed, { recursive: true })
    expect(installCommand(['sharp'], installed)).toBe('npm install -g sharp@0.35')
    expect(installCommand(['onnxruntime-node'], installed)).toBe('npm install -g --ignore-scripts onnxruntime-node@1')
    writeFileSync(join(folder, 'package.json'), '{}')
    expect(installCommand(['sharp'], installed)).toBe('npm install sharp@0.35')
    // As pnpm lays packages out.
    expect(installCommand(['sharp'], join(folder, 'node_modules/.pnpm/prehend@1.0.0/node_modules/prehend'))).toBe(
      'npm install sharp@0.35',
    )
    expect(installCommand(['sharp'], join(folder, 'prehend'))).toBe('npm install sharp@0.35')
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('one error names all that is missing, and what it is needed for', () => {
  const isThere = (name: PeerName): boolean => name === 'serialport'
  const needs: readonly Need[] = [
    { purpose: 'the cell', packages: ['zeromq', 'serialport', 'protobufjs'] },
    { purpose: 'a port', packages: ['serialport'] },
    { purpose: 'a policy', packages: ['protobufjs'] },
  ]
  expect(() => requireAll(needs, isThere)).toThrow(
    /^the cell and a policy: the packages zeromq and protobufjs are not installed: run /,
  )
  expect(() => requireAll(needs)).not.toThrow()
})
