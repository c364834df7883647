// Aligns a CSV of wrenches and a folder of pictures: one observation for each picture, printed as a line.
import { readdirSync, readFileSync } from 'node:fs'
import { Aligner, MILLISECOND, parseRobot, type Observation } from 'prehend'
import { decodeImage } from 'prehend/middleware' // PNG, JPEG, WebP, TIFF; needs `npm install sharp@0.35`

const robot = parseRobot(
  `
robot: files
tick: { from: rgb }
streams:
  rgb:    { topic: /rgb, type: sensor_msgs/msg/Image }
  wrench: { topic: /wrench, type: geometry_msgs/msg/WrenchStamped, align: { window: 40 ms } }
`,
  'files.yaml',
)

const data = new URL('data/', import.meta.url)

// Stamps are whole nanoseconds. A file has no arrival times, so a sample arrives when it was measured.
const samples: { stamp: number; push(): void | Promise<void> }[] = []
const aligner = new Aligner(robot, print)
const [rgb, wrench] = [aligner.index('rgb'), aligner.index('wrench')]

// wrench.csv: a header, then ms, fx, fy, fz (N), tx, ty, tz (N·m).
for (const row of readFileSync(new URL('wrench.csv', data), 'utf8').trim().split('\n').slice(1)) {
  const [ms = NaN, ...values] = row.split(',').map(Number)
  const stamp = Math.round(ms * MILLISECOND)
  samples.push({ stamp, push: () => aligner.pushVector(wrench, stamp, stamp, values) })
}

// pictures/100.png was taken at 100 ms. It is read when its turn comes, so that one picture at a time is in memory.
for (const name of readdirSync(new URL('pictures/', data))) {
  const stamp = Math.round(Number.parseFloat(name) * MILLISECOND)
  const push = async (): Promise<void> => {
    const file = readFileSync(new URL(`pictures/${name}`, data))
    aligner.pushFrame(rgb, stamp, stamp, await decodeImage({ stamp, frameId: 'camera', format: 'png', data: file }))
  }
  samples.push({ stamp, push })
}

// The aligner takes samples in the order of their arrival.
samples.sort((a, b) => a.stamp - b.stamp)
for (const sample of samples) await sample.push()
aligner.finish()

function print({ stamp, values, mask }: Observation): void {
  const image = values.get('rgb')
  const force = values.get('wrench')
  const size = image?.kind === 'image' ? `${image.width}x${image.height}` : 'no picture'
  const fz = force?.kind === 'window' ? `${force.mean[2]?.toFixed(2)} N of ${force.count} samples` : 'no force'
  console.log(`${stamp / MILLISECOND} ms: ${size}, fz ${fz}, mask ${JSON.stringify(mask)}`)
}
