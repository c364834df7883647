import { MODALITIES } from '../../../fusion/observation.js'
import type { Withheld } from '../../../fusion/withhold.js'
import type { ShownEpisode } from '../shown.js'
import { chart, type Mark } from './chart.js'
import { html, type Html } from './html.js'

/** The modalities whose weights a gate has, in the contract's order. */
const GATE = MODALITIES.slice(0, 4)

/** One episode: its commands, the pictures of the wrist camera, the gate's weights, and the forces. */
export function episodeCard({ result, trace }: ShownEpisode, without: readonly Withheld[]): Html {
  const { at: times, gate, force, press, said, crush } = trace
  const blind = without.find(({ modality }) => modality === 'rgb')?.from ?? Infinity
  const marks: Mark[] = [
    ...said.map(({ at, text }): Mark => ({ at, text: `${at.toFixed(1)} s: "${text}"`, kind: 'said' })),
    ...without.map(
      ({ modality, from }): Mark => ({
        at: from / 1e9,
        text: `${(from / 1e9).toFixed(1)} s: ${modality} taken away`,
        kind: 'gone',
      }),
    ),
  ]
  return html`<article class="episode">
<h3><span class="badge ${result.success ? 'won' : 'lost'}">\
${result.success ? 'won' : (result.reason ?? 'unknown')}</span> “${result.command}” \
<small>episode ${result.index}, ${result.seconds.toFixed(1)} s, \
peak finger force ${result.peakForce.toFixed(0)} N</small></h3>
<p class="facts">${
    result.target === undefined
      ? 'In the end nothing was to move'
      : html`Meant in the end: <b>${result.target}</b>${result.fragile ? ' (fragile)' : ''}`
  }; on the table: ${trace.objects.join(', ')}.
${marks.sort((a, b) => a.at - b.at).map(({ text, kind }) => html` <span class="word ${kind}">${text}</span>`)}</p>
<div class="film">${trace.pictures.map(
    ({ at, webp }) => html`\
<figure${at * 1e9 >= blind ? html` class="unseen"` : undefined}>\
<img src="data:image/webp;base64,${webp}" alt="wrist camera at ${at.toFixed(1)} s" width="128" height="128">\
<figcaption>${at.toFixed(1)} s</figcaption></figure>`,
  )}</div>
<div class="charts">${
    gate.length === 0
      ? html`<p class="none">This policy has no gate.</p>`
      : chart({
          title: 'Gate',
          unit: 'share of attention',
          times,
          most: 1,
          stacked: true,
          marks,
          series: gate.map((values, i) => ({
            name: gate.length === GATE.length ? GATE[i]! : `weight ${i + 1}`,
            colour: `c${i % 4}`,
            values,
          })),
        })
  }${chart({
    title: 'Force',
    unit: 'N',
    times,
    marks,
    limit: crush === null ? undefined : { value: crush, text: `crush limit ${crush.toFixed(0)} N` },
    series: [
      { name: 'wrist |F|', colour: 'c4', values: force },
      {
        name: `on the object meant${crush === null ? '' : ` (bears ${crush.toFixed(0)} N)`}`,
        colour: 'c5',
        values: press,
      },
    ],
  })}</div></article>`
}
