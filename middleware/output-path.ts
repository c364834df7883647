import {
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  type Stats,
} from 'node:fs'
import { dirname, extname, join } from 'node:path'

export interface OutputOptions {
  /** What is there already is replaced, once the new is whole. */
  readonly overwrite?: boolean | undefined
  /**
   * The output is a folder of this kind, and replacing one takes nothing else away. Without it the output is a file,
   * and no folder is replaced.
   */
  readonly kind?: FolderKind | undefined
  /** What is read while the output is written: neither the output nor its unfinished form may take its place. */
  readonly reads?: readonly string[] | undefined
}

/** What tells a folder of one kind from others. */
export interface FolderKind {
  /** What every whole one has, by its path in it. */
  readonly mark: string
  /** Whether what has this name belongs to it. */
  readonly owns: (name: string) => boolean
}

/** Extensions by which others tell what a file is; they stay last in the name of an unfinished one. */
const KEPT = ['.mcap', '.onnx']

/**
 * Where an output lies until it is whole: `run.part.mcap` for `run.mcap`, `lines.jsonl.part` for `lines.jsonl`,
 * `folder.part` for `folder`.
 */
export function partOf(path: string): string {
  const end = extname(path)
  return KEPT.includes(end) ? `${path.slice(0, -end.length)}.part${end}` : `${path}.part`
}

/**
 * Why an output may not be written at `path`, in one line, or undefined. Neither what is there already nor what an
 * earlier writer left unfinished is touched unless `overwrite` says so; what a running process is writing never is.
 */
export function refusal(path: string, { overwrite = false, kind, reads = [] }: OutputOptions = {}): string | undefined {
  const part = partOf(path)
  const there = statsOf(path)
  const unfinished = statsOf(part)
  const writer = unfinished && writerOf(part)
  if (writer !== undefined)
    return (
      `${path}: ` +
      `${writer === process.pid ? 'this command writes it already, for another option' : `process ${writer} is writing it`} ` +
      `(${part}); name another`
    )
  if (there && !there.isFile() && !there.isDirectory() && !there.isSymbolicLink())
    return `${path}: is neither a file nor a folder; name a file to write`
  if (there?.isDirectory() && kind === undefined) return `${path}: is a folder; name a file to write`
  for (const input of reads) {
    if (isTied(path, input)) return `${path}: would take the place of ${input}, which is read; name another`
    if (isTied(part, input))
      return (
        `${path}: until it is whole it lies at ${part}, which would take the place of ${input}, which is ` +
        'read; name another'
      )
  }
  if (there && !there.isDirectory() && kind !== undefined)
    return `${path}: is ${there.isFile() ? 'a file' : 'a link'}; name a folder to write`
  if (there && !overwrite) return `${path}: is there already; name another, or replace it with --overwrite`
  if (there && !isReplaceable(path, there, kind))
    return `${path}: is a folder with other things in it, which --overwrite leaves alone; name another`
  if (unfinished && !overwrite)
    return `${part}: is what an earlier writer left unfinished; move it away, or replace it with --overwrite`
  if (unfinished && !isLeftOver(part, unfinished, kind))
    return (
      `${part}: is not what an earlier writer left unfinished, so --overwrite leaves it alone; move it ` +
      'away, or name another output'
    )
  return undefined
}

/**
 * Makes the unfinished file, which must not be there unless `overwrite` says so, and the folders above. Gives its
 * descriptor, for writing; throws what the system says.
 */
export function createPart(path: string, options: OutputOptions = {}): number {
  const part = partOf(path)
  mkdirSync(dirname(part), { recursive: true })
  clear(part, options)
  return openSync(part, 'wx')
}

/** The same of a folder of that kind. Gives its path. */
export function createPartFolder(path: string, options: OutputOptions = {}): string {
  const part = partOf(path)
  mkdirSync(dirname(part), { recursive: true })
  clear(part, options)
  mkdirSync(part)
  return part
}

/**
 * Gives a whole output its name. A folder that is replaced goes when the new one stands. Throws where something has
 * come to be there that may not be replaced.
 */
export function finishPart(path: string, { overwrite = false, kind }: OutputOptions = {}): void {
  const part = partOf(path)
  const there = statsOf(path)
  if (there && !(overwrite && isReplaceable(path, there, kind)))
    throw new Error(`something came to be there meanwhile; the new one is whole in ${part}`)
  if (!there?.isDirectory()) return renameSync(part, path)
  const old = `${path}.old-${process.pid}`
  renameSync(path, old)
  renameSync(part, path)
  rmSync(old, { recursive: true, force: true })
}

/** Takes an unfinished output away. */
export function discardPart(path: string): void {
  rmSync(partOf(path), { recursive: true, force: true })
}

/** Takes away what an earlier writer left unfinished, and nothing else. */
function clear(part: string, { overwrite = false, kind }: OutputOptions): void {
  const unfinished = statsOf(part)
  if (overwrite && unfinished && isLeftOver(part, unfinished, kind)) rmSync(part, { recursive: true, force: true })
}

/** Whether replacing it takes nothing away but an output of this kind. */
function isReplaceable(path: string, there: Stats, kind: FolderKind | undefined): boolean {
  if (kind === undefined) return !there.isDirectory()
  return there.isDirectory() && isOwned(path, kind) && statsOf(join(path, kind.mark)) !== undefined
}

/** The same of an unfinished one, which may lack anything. */
function isLeftOver(part: string, there: Stats, kind: FolderKind | undefined): boolean {
  return kind === undefined ? there.isFile() : there.isDirectory() && isOwned(part, kind)
}

function isOwned(folder: string, { owns }: FolderKind): boolean {
  return tryTo(() => readdirSync(folder))?.every(owns) ?? false
}

/** Whether what is at `path` is `input`, has it in it, or is in it. */
function isTied(path: string, input: string): boolean {
  const [one, other] = [path, input].map(name => tryTo(() => ({ whole: realpathSync(name), stats: statSync(name) })))
  if (!one || !other) return false
  return (
    (one.stats.ino === other.stats.ino && one.stats.dev === other.stats.dev) ||
    other.whole.startsWith(`${one.whole}/`) ||
    one.whole.startsWith(`${other.whole}/`)
  )
}

/** Undefined also below what is no folder, or in one that is closed to us: whoever opens it says so. */
function statsOf(path: string): Stats | undefined {
  return tryTo(() => lstatSync(path, { throwIfNoEntry: false }))
}

/**
 * The process that has `path`, or a file in it, open for writing; as far as the system tells us (Linux, and processes
 * that we may look into).
 */
function writerOf(path: string): number | undefined {
  const processes = namesIn('/proc').filter(name => /^\d+$/.test(name))
  if (processes.length === 0) return undefined
  const whole = tryTo(() => realpathSync(path))
  if (whole === undefined) return undefined
  const isIn = (target: string | undefined): boolean =>
    target !== undefined && (target === whole || target.startsWith(`${whole}/`))
  const found = processes.find(pid =>
    namesIn(`/proc/${pid}/fd`).some(
      fd => isIn(tryTo(() => readlinkSync(`/proc/${pid}/fd/${fd}`))) && isForWriting(`/proc/${pid}/fdinfo/${fd}`),
    ),
  )
  return found === undefined ? undefined : Number(found)
}

/** The last octal digit of a descriptor's flags has its access mode: 1 writes, 2 reads and writes (proc(5)). */
function isForWriting(fdinfo: string): boolean {
  const [, flags] = /^flags:\s*(\d+)$/m.exec(tryTo(() => readFileSync(fdinfo, 'utf8')) ?? '') ?? []
  return flags !== undefined && (parseInt(flags, 8) & 3) !== 0
}

function namesIn(folder: string): string[] {
  return tryTo(() => readdirSync(folder)) ?? []
}

/** Undefined where the system refuses: a process that has ended meanwhile, or is another user's. */
function tryTo<T>(ask: () => T): T | undefined {
  try {
    return ask()
  } catch {
    return undefined
  }
}
