import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { packageFolder } from './installation.js'

const require = createRequire(import.meta.url)

/**
 * The packages that prehend uses where they are installed and does not bring: all that have native code or are large.
 * Each with what it is for. They are optional peers in package.json, which has their versions.
 */
export const PEERS = {
  '@foxglove/wasm-bz2': 'chunks of MCAP recordings that are packed with bz2',
  '@lydell/node-pty': 'the emulated gripper of a cell',
  '@mujoco/mujoco': 'the embedded cell, worlds for Gazebo',
  fflate: 'the .npz files of policy wrap --reference',
  'hyparquet-writer': 'LeRobot sets',
  libsql: '.db3 recordings',
  'onnxruntime-node': 'ONNX policies',
  protobufjs: "ONNX policies, Gazebo's messages",
  rclnodejs: 'live ROS 2',
  serialport: 'grippers on serial ports',
  sharp: 'compressed images, PNG files, reports of an evaluation',
  zeromq: "Gazebo's topics and services",
} as const

/** The name of an optional package. */
export type PeerName = keyof typeof PEERS

/** Something needs packages that are not installed. The message says in one line which, and how to install them. */
export class MissingPackageError extends Error {
  readonly code = 'PACKAGE_MISSING'
  readonly exit = 2
  readonly packages: readonly PeerName[]

  constructor(purpose: string, packages: readonly PeerName[]) {
    const [them, are] = packages.length > 1 ? ['the packages', 'are'] : ['the package', 'is']
    super(`${purpose}: ${them} ${listed(packages)} ${are} not installed: run \`${installCommand(packages)}\``)
    this.name = 'MissingPackageError'
    this.packages = packages
  }
}

/** Throws MissingPackageError where one of `names` is not installed. `purpose` begins its message. */
export function requirePeers(purpose: string, ...names: readonly PeerName[]): void {
  requireAll([{ purpose, packages: names }])
}

/** Packages, and what needs them. */
export interface Need {
  readonly purpose: string
  readonly packages: readonly PeerName[]
}

/**
 * Throws one MissingPackageError with every package of `needs` that is not installed, so that one command installs them
 * all. Its message begins with the purposes that lack one.
 */
export function requireAll(needs: readonly Need[], isThere = isInstalled): void {
  const unmet = needs.filter(({ packages }) => !packages.every(name => isThere(name)))
  if (unmet.length === 0) return
  const missing = new Set(unmet.flatMap(({ packages }) => packages.filter(name => !isThere(name))))
  throw new MissingPackageError(listed(unmet.map(({ purpose }) => purpose)), [...missing])
}

export function isInstalled(name: PeerName): boolean {
  try {
    require.resolve(name)
    return true
  } catch (error) {
    // A package that is there may hide its files from `require`.
    return (error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND'
  }
}

/** `a, b and c`. */
const listed = (words: readonly string[]): string =>
  [words.slice(0, -1).join(', '), ...words.slice(-1)].filter(text => text !== '').join(' and ')

/**
 * What installs these packages in the versions that prehend works with, where the prehend in the folder `root` finds
 * them.
 */
export function installCommand(names: readonly PeerName[], root = packageFolder()): string {
  const { peerDependencies } = require('prehend/package.json') as { peerDependencies: Readonly<Record<string, string>> }
  const wanted = names.map(name => `${name}@${newestOf(peerDependencies[name] ?? '')}`)
  // Its install script fetches libraries for GPUs, several hundred MB that are not used.
  const flags = names.includes('onnxruntime-node') ? '--ignore-scripts ' : ''
  return `npm install ${isGlobal(root) ? '-g ' : ''}${flags}${wanted.join(' ')}`
}

/** A project has a package.json beside its node_modules, npm's folder of global packages has none. */
function isGlobal(root: string): boolean {
  const [holder] = root.split(/[\\/]node_modules[\\/]/, 1)
  return holder !== root && !existsSync(`${holder}/package.json`)
}

/** `1` of `^1.30.0`, `0.5` of `^0.5.29`, `2.2` of `~2.2.0`: no character that a shell reads, and the newest that fits. */
function newestOf(range: string): string {
  const [, sign, major = '', minor = ''] = /^([~^])(\d+)\.(\d+)\./.exec(range) ?? []
  if (sign === undefined) throw new Error(`peerDependencies: ${range}: expected ^x.y.z or ~x.y.z`)
  return sign === '^' && major !== '0' ? major : `${major}.${minor}`
}
