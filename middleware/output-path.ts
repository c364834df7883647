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
  /** Replaces what is at the path, as soon as the new output is complete. */
  readonly overwrite?: boolean | undefined
  /**
   * The output is a folder of this kind, and only such a folder is replaced. Without it the output is a file, and no
   * folder is replaced.
   */
  readonly kind?: FolderKind | undefined
  /** Files that are read meanwhile. Neither the output nor its unfinished form may replace one of them. */
  readonly reads?: readonly string[] | undefined
}

/** How a folder of one kind is recognised. */
export interface FolderKind {
  /** Path in the folder that every complete one has. */
  readonly mark: string
  /** Whether an entry of this name belongs to such a folder. */
  readonly owns: (name: string) => boolean
}

/** Extensions by which other programs recognise a file. They stay last in the name of an unfinished one. */
const KEPT = ['.mcap', '.onnx']

/**
 * The path of an output before it is complete: `run.part.mcap` for `run.mcap`, `lines.jsonl.part` for `lines.jsonl`,
 * `folder.part` for `folder`.
 */
export function partOf(path: string): string {
  const end = extname(path)
  return KEPT.includes(end) ? `${path.slice(0, -end.length)}.part${end}` : `${path}.part`
}

/**
 * Why no output may be written at `path`, in one line; undefined when it may. Only `overwrite` allows to replace what
 * is there, or what an earlier writer left unfinished. An output that a running process writes is never replaced.
 */
export function refusal(path: string, { overwrite = false, kind, reads = [] }: OutputOptions = {}): string | undefined {
  const part = partOf(path)
  const there = statsOf(path)
  const unfinished = statsOf(part)
  const writer = unfinished && writerOf(part)
  if (writer !== undefined) {
    const who =
      writer === process.pid ? 'this command writes it already, for another option' : `process ${writer} is writing it`
    return `${path}: ${who} (${part}); name another`
  }
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
 * Creates the unfinished file and the folders above it. `overwrite` replaces one of an earlier writer. Returns the file
 * descriptor for writing. Throws the system's error.
 */
export function createPart(path: string, options: OutputOptions = {}): number {
  const part = partOf(path)
  mkdirSync(dirname(part), { recursive: true })
  clear(part, options)
  return openSync(part, 'wx')
}

/** Creates the unfinished folder, like `createPart`, and returns its path. */
export function createPartFolder(path: string, options: OutputOptions = {}): string {
  const part = partOf(path)
  mkdirSync(dirname(part), { recursive: true })
  clear(part, options)
  mkdirSync(part)
  return part
}

/**
 * Gives a complete output its name. A folder that is replaced is removed after the new one has its name. Throws when
 * something has appeared at the path that may not be replaced.
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

/** Removes an unfinished output. */
export function discardPart(path: string): void {
  rmSync(partOf(path), { recursive: true, force: true })
}

/** Removes what an earlier writer left unfinished, and nothing else. */
function clear(part: string, { overwrite = false, kind }: OutputOptions): void {
  const unfinished = statsOf(part)
  if (overwrite && unfinished && isLeftOver(part, unfinished, kind)) rmSync(part, { recursive: true, force: true })
}

/** Whether the path holds nothing but an output of this kind. */
function isReplaceable(path: string, there: Stats, kind: FolderKind | undefined): boolean {
  if (kind === undefined) return !there.isDirectory()
  return there.isDirectory() && isOwned(path, kind) && statsOf(join(path, kind.mark)) !== undefined
}

/** Whether the path holds nothing but an unfinished output, in which any part may be missing. */
function isLeftOver(part: string, there: Stats, kind: FolderKind | undefined): boolean {
  return kind === undefined ? there.isFile() : there.isDirectory() && isOwned(part, kind)
}

function isOwned(folder: string, { owns }: FolderKind): boolean {
  return tryTo(() => readdirSync(folder))?.every(owns) ?? false
}

/** Whether `path` and `input` are the same, or one is inside the other. */
function isTied(path: string, input: string): boolean {
  const [one, other] = [path, input].map(name => tryTo(() => ({ whole: realpathSync(name), stats: statSync(name) })))
  if (!one || !other) return false
  return (
    (one.stats.ino === other.stats.ino && one.stats.dev === other.stats.dev) ||
    other.whole.startsWith(`${one.whole}/`) ||
    one.whole.startsWith(`${other.whole}/`)
  )
}

/** Undefined also when the path cannot be examined. The error then comes when it is opened. */
function statsOf(path: string): Stats | undefined {
  return tryTo(() => lstatSync(path, { throwIfNoEntry: false }))
}

/**
 * The process that has `path`, or a file in it, open for writing. Works on Linux, for processes that this user may
 * examine.
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

/** Reads the access mode from the last octal digit of a descriptor's flags: 1 writes, 2 reads and writes (proc(5)). */
function isForWriting(fdinfo: string): boolean {
  const [, flags] = /^flags:\s*(\d+)$/m.exec(tryTo(() => readFileSync(fdinfo, 'utf8')) ?? '') ?? []
  return flags !== undefined && (parseInt(flags, 8) & 3) !== 0
}

function namesIn(folder: string): string[] {
  return tryTo(() => readdirSync(folder)) ?? []
}

/** Undefined when the system refuses: a process has ended meanwhile, or belongs to another user. */
function tryTo<T>(ask: () => T): T | undefined {
  try {
    return ask()
  } catch {
    return undefined
  }
}
