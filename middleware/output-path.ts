import { lstatSync, mkdirSync, openSync, readdirSync, readFileSync, readlinkSync, realpathSync, renameSync, rmSync, type Stats } from 'node:fs'
import { dirname, extname } from 'node:path'

export interface OutputOptions {
  /** What is there already is replaced, once the new is whole. */
  readonly overwrite?: boolean | undefined
  /** Whether a folder that is there is one of the same kind, so that replacing it takes nothing else away. Without it no folder is replaced. */
  readonly isOfThisKind?: ((folder: string) => boolean) | undefined
}

/** Extensions by which others tell what a file is; they stay last in the name of an unfinished one. */
const KEPT = ['.mcap', '.onnx']

/** Where an output lies until it is whole: `run.part.mcap` for `run.mcap`, `lines.jsonl.part` for `lines.jsonl`, `folder.part` for `folder`. */
export function partOf(path: string): string {
  const end = extname(path)
  return KEPT.includes(end) ? `${path.slice(0, -end.length)}.part${end}` : `${path}.part`
}

/**
 * Why an output may not be written at `path`, in one line, or undefined. Neither what is there already nor what an earlier writer left unfinished is
 * touched unless `overwrite` says so; what a running process is writing never is.
 */
export function refusal(path: string, { overwrite = false, isOfThisKind }: OutputOptions = {}): string | undefined {
  const part = partOf(path)
  const there = statsOf(path)
  const unfinished = statsOf(part)
  const writer = unfinished && writerOf(part)
  if (writer !== undefined) return `${path}: ${writer === process.pid ? 'this command writes it already, for another option' : `process ${writer} is writing it`} (${part}); name another`
  if (there && !there.isFile() && !there.isDirectory() && !there.isSymbolicLink()) return `${path}: is neither a file nor a folder; name a file to write`
  if (there?.isDirectory() && isOfThisKind === undefined) return `${path}: is a folder; name a file to write`
  if (there?.isFile() && isOfThisKind !== undefined) return `${path}: is a file; name a folder to write`
  if (there && !overwrite) return `${path}: is there already; name another, or replace it with --overwrite`
  if (there?.isDirectory() && isOfThisKind?.(path) !== true) return `${path}: is a folder with other things in it, which --overwrite leaves alone; name another`
  if (unfinished && !overwrite) return `${part}: is what an earlier writer left unfinished; move it away, or replace it with --overwrite`
  return undefined
}

/** Makes the unfinished file, which must not be there unless `overwrite` says so, and the folders above. Gives its descriptor, for writing; throws what the system says. */
export function createPart(path: string, { overwrite = false }: OutputOptions = {}): number {
  const part = partOf(path)
  mkdirSync(dirname(part), { recursive: true })
  if (overwrite) rmSync(part, { force: true })
  return openSync(part, 'wx')
}

/** The same of a folder. Gives its path. */
export function createPartFolder(path: string, { overwrite = false }: OutputOptions = {}): string {
  const part = partOf(path)
  mkdirSync(dirname(part), { recursive: true })
  if (overwrite) rmSync(part, { recursive: true, force: true })
  mkdirSync(part)
  return part
}

/** Gives a whole output its name. A folder that is replaced goes when the new one stands. Throws where something has come to be there that may not be replaced. */
export function finishPart(path: string, options: OutputOptions = {}): void {
  const part = partOf(path)
  const there = statsOf(path)
  if (there && options.overwrite !== true) throw new Error(`something came to be there meanwhile; the new one is whole in ${part}`)
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

/** Undefined also below what is no folder, or in one that is closed to us: whoever opens it says so. */
function statsOf(path: string): Stats | undefined {
  return tryTo(() => lstatSync(path, { throwIfNoEntry: false }))
}

/** The process that has `path`, or a file in it, open for writing; as far as the system tells us (Linux, and processes that we may look into). */
function writerOf(path: string): number | undefined {
  const processes = namesIn('/proc').filter(name => /^\d+$/.test(name))
  if (processes.length === 0) return undefined
  const whole = tryTo(() => realpathSync(path))
  if (whole === undefined) return undefined
  const isIn = (target: string | undefined): boolean => target !== undefined && (target === whole || target.startsWith(`${whole}/`))
  const found = processes.find(pid => namesIn(`/proc/${pid}/fd`).some(fd => isIn(tryTo(() => readlinkSync(`/proc/${pid}/fd/${fd}`))) && isForWriting(`/proc/${pid}/fdinfo/${fd}`)))
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
