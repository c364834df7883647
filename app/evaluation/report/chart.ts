import { html, type Html } from './html.js'

/**
 * A quantity over time. It has a value for each time of its chart, or for the last times of it. `colour` is the name of
 * a CSS variable.
 */
export interface Series {
  readonly name: string
  readonly colour: string
  readonly values: readonly number[]
}

/** A moment that is marked, such as a command or the loss of a sensor. */
export interface Mark {
  readonly at: number
  readonly text: string
  readonly kind: 'said' | 'gone'
}

export interface ChartOptions {
  readonly title: string
  readonly unit: string
  /** s. */
  readonly times: readonly number[]
  readonly series: readonly Series[]
  /** Each series is drawn on top of those before it, since the values are shares of a whole. */
  readonly stacked?: boolean
  /** Upper end of the value axis. Default: the largest value, rounded up. */
  readonly most?: number
  /** A level that the values should not pass. It is drawn only where they come near it. */
  readonly limit?: { readonly value: number; readonly text: string } | undefined
  readonly marks: readonly Mark[]
}

const WIDTH = 520
const HEIGHT = 150
const PLOT = { left: 34, right: 8, top: 8, bottom: 20 } as const

/** A chart over time as inline SVG, with a legend. Colours are the page's variables. */
export function chart({ title, unit, times, series, stacked = false, most, limit, marks }: ChartOptions): Html {
  const seconds = Math.max(1, times.at(-1) ?? 1)
  const highest = Math.max(1, ...series.flatMap(({ values }) => values))
  const near = limit !== undefined && limit.value < 3 * highest
  const top = most ?? niceTop(near ? Math.max(highest, 1.1 * limit.value) : highest)
  const x = (at: number): number => PLOT.left + (at / seconds) * (WIDTH - PLOT.left - PLOT.right)
  const y = (value: number): number => HEIGHT - PLOT.bottom - (value / top) * (HEIGHT - PLOT.top - PLOT.bottom)
  const points = (values: readonly number[]): string[] =>
    values.map((value, i) => `${x(times[times.length - values.length + i]!).toFixed(1)} ${y(value).toFixed(1)}`)
  const line = (values: readonly number[]): string => (values.length === 0 ? '' : `M${points(values).join('L')}`)
  const sums: number[][] = [(series[0]?.values ?? []).map(() => 0)]
  if (stacked) for (const { values } of series) sums.push(values.map((value, i) => (sums.at(-1) ?? [])[i]! + value))
  const band = (k: number): string => `${line(sums[k + 1]!)}L${points(sums[k]!).reverse().join('L')}Z`
  const step = seconds > 6 ? 2 : 1
  return html`<figure class="chart"><figcaption>${title}<span class="unit">${unit}</span>\
<span class="legend">${series.map(
    ({ name, colour }) => html`<span><i style="background:var(--${colour})"></i>${name}</span>`,
  )}</span></figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title} over time, ${unit}">
${[0, 0.5, 1].map(
  part => html`\
<line class="grid" x1="${PLOT.left}" x2="${WIDTH - PLOT.right}" y1="${y(part * top)}" y2="${y(part * top)}"/>\
<text class="tick" x="${PLOT.left - 5}" y="${y(part * top) + 3.5}" text-anchor="end">${part * top}</text>`,
)}
${Array.from(
  { length: Math.floor(seconds / step) + 1 },
  (_, i) => html`\
<text class="tick" x="${x(i * step).toFixed(1)}" y="${HEIGHT - 5}" text-anchor="middle">${i * step} s</text>`,
)}
${series.map(({ colour }, k) =>
  stacked ? html`<path d="${band(k)}" fill="var(--${colour})" fill-opacity=".75"/>` : undefined,
)}
${
  limit && near
    ? html`\
<line class="limit" x1="${PLOT.left}" x2="${WIDTH - PLOT.right}" y1="${y(limit.value)}" y2="${y(limit.value)}"/>\
<text class="limit-text" x="${WIDTH - PLOT.right}" y="${y(limit.value) - 3}" \
text-anchor="end">${limit.text}</text>`
    : undefined
}
${series.map(({ colour, values }) =>
  stacked
    ? undefined
    : html`\
<path d="${line(values)}" fill="none" stroke="var(--${colour})" stroke-width="1.6" stroke-linejoin="round"/>`,
)}
${marks
  .filter(({ at }) => at <= seconds)
  .map(
    ({ at, text, kind }) => html`\
<line class="mark ${kind}" x1="${x(at).toFixed(1)}" x2="${x(at).toFixed(1)}" y1="${PLOT.top}" \
y2="${HEIGHT - PLOT.bottom}"><title>${text}</title></line>`,
  )}
</svg></figure>`
}

/** Rounds up to 1, 2, 3, 4, 5, 6, 8 or 10 times a power of ten. */
function niceTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return power * ([1, 2, 3, 4, 5, 6, 8, 10].find(factor => factor * power >= value) ?? 10)
}
