import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { statSync } from 'node:fs'
import { UsageError } from '../output/output.js'

export interface VideoShape {
  readonly width: number
  readonly height: number
  /** Frames a second. */
  readonly rate: number
}

/** Throws UsageError, in one line, where `program` is not an ffmpeg that encodes H.264. */
export function requireFfmpeg(program: string): void {
  const { status, stdout } = spawnSync(program, ['-hide_banner', '-encoders'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  if (status === 0 && stdout.includes('libx264')) return
  throw new UsageError(
    status === 0
      ? `${program}: has no encoder libx264: install an ffmpeg with it, or export with --pictures png`
      : `${program}: cannot be started: install ffmpeg (Debian, Ubuntu: apt-get install ffmpeg), name one ` +
          'with --ffmpeg, or export with --pictures png',
  )
}

/**
 * An MP4 file with H.264 video. ffmpeg encodes it while it is written. Every second frame is a key frame, so that a
 * reader finds single frames fast.
 */
export class VideoFile {
  frames = 0
  readonly path: string
  readonly #program: ChildProcess
  readonly #ended: Promise<void>
  #complaint = ''

  constructor(path: string, { width, height, rate }: VideoShape, ffmpeg: string) {
    this.path = path
    // ffmpeg runs in a session of its own, so that Ctrl-C does not reach it. It ends when its input ends.
    this.#program = spawn(
      ffmpeg,
      [
        '-hide_banner',
        '-loglevel',
        'error',
        '-f',
        'rawvideo',
        '-pix_fmt',
        'rgb24',
        '-s',
        `${width}x${height}`,
        '-r',
        `${rate}`,
        '-i',
        'pipe:0',
        '-c:v',
        'libx264',
        '-crf',
        '18',
        '-g',
        '2',
        '-pix_fmt',
        VideoFile.samples(width, height),
        '-y',
        path,
      ],
      { stdio: ['pipe', 'ignore', 'pipe'], detached: true },
    )
    this.#program.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint += text
    })
    this.#ended = new Promise((resolve, reject) => {
      const fail = (why: string): void => reject(new UsageError(`${path}: ${ffmpeg} failed: ${why}`))
      this.#program.on('error', error => fail(error.message))
      this.#program.on('close', code =>
        code === 0 ? resolve() : fail(this.#complaint.trim().split('\n')[0] || `it ended with ${code}`),
      )
    })
    this.#ended.catch(() => undefined)
    // After a broken pipe, the exit code of the program gives the reason.
    this.#program.stdin?.on('error', () => undefined)
  }

  /** The pixel format. Half the colour resolution is possible with even sides alone. */
  static samples(width: number, height: number): string {
    return width % 2 === 0 && height % 2 === 0 ? 'yuv420p' : 'yuv444p'
  }

  /** Bytes on disk so far. The encoder holds some more in memory. */
  get bytes(): number {
    return statSync(this.path, { throwIfNoEntry: false })?.size ?? 0
  }

  /** Writes a frame: u8[height * width * 3]. */
  async write(pixels: Uint8Array): Promise<void> {
    const { stdin } = this.#program
    this.frames++
    if (stdin?.write(pixels) === false)
      await Promise.race([new Promise<void>(resolve => stdin.once('drain', resolve)), this.#ended])
  }

  async close(): Promise<void> {
    this.#program.stdin?.end()
    await this.#ended
  }

  async discard(): Promise<void> {
    this.#program.kill()
    await this.#ended.catch(() => undefined)
  }
}
