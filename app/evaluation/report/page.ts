import type { EpisodeResult } from '../../session/episodes.js'
import { spread } from '../../measure/percentiles.js'
import { rowsOf } from '../eval-registry.js'
import type { Evaluated } from '../evaluation.js'
import { shownOf } from '../shown.js'
import { rateOf, type Rate, type Summary } from '../summary.js'
import { withoutText } from '../without.js'
import { episodeCard } from './episode-card.js'
import { html, Html } from './html.js'
import { STYLE } from './style.js'

/** What the page shows of a benchmark that has run. */
export interface PageContents
  extends Pick<
    Evaluated,
    'options' | 'provenance' | 'summary' | 'results' | 'traces' | 'meanInferenceMs' | 'wallS' | 'execution'
  > {
  /** When it was run. */
  readonly date: Date
}

/** A benchmark's result as one page of HTML, without scripts, other files or the network. */
export function page(report: PageContents): string {
  const { options, provenance, summary, results, traces } = report
  const { lost, won } = shownOf(results, traces)
  const card = (episode: (typeof lost)[number]): Html => episodeCard(episode, options.without)
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>Grasp benchmark: ${provenance.model}, ${options.objects} objects, seed ${options.seed}</title>\
<style>${new Html(STYLE)}</style></head><body><main>
<h1>Grasp benchmark</h1>
<p class="lead">${provenance.model} on ${options.objects} objects${
    options.without.length === 0 ? '' : `, without ${withoutText(options.without)}`
  }: ${summary.episodes} lockstep episodes, seed ${options.seed}</p>
${tiles(summary)}
<h2>Where it wins and how it loses</h2>
<div class="pair">
<section class="card">${table(
    'object meant',
    'won',
    Object.entries(summary.byObject)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, o]) => [name, o.successes, o.episodes]),
  )}</section>
<section class="card">${
    Object.keys(summary.failures).length === 0
      ? html`<p class="none">No episode was lost.</p>`
      : table(
          'lost because',
          'episodes',
          Object.entries(summary.failures)
            .sort(([, a], [, b]) => b - a)
            .map(([reason, n]) => [reason, n, summary.episodes]),
        )
  }</section>
</div>
${
  lost.length === 0
    ? undefined
    : html`<h2>Lost episodes \
<small>${lost.length} of ${summary.episodes - summary.successes}, the first of each reason first</small></h2>\
${lost.map(card)}`
}
${won.length === 0 ? undefined : html`<h2>Won episodes <small>the first ${won.length}</small></h2>${won.map(card)}`}
<h2>How it was run</h2>
<section class="card">${facts(report)}</section>
<details><summary>All ${results.length} episodes</summary>\
<div class="card scroll">${everyEpisode(results)}</div></details>
</main></body></html>
`.text
}

const percent = (share: number): string => `${(share * 100).toFixed(1)}\u00a0%`
const intervalText = ({ wilson95: [low, high] }: Rate): string => `${(low * 100).toFixed(1)} to ${percent(high)}`

function tiles(summary: Summary): Html {
  const { episodes, successes, wrongObject, fragile, stops, corrections, secondsToSuccess: seconds } = summary
  const tile = (value: string, name: string, ...more: string[]): Html =>
    html`<div class="tile"><span>${name}</span><b>${value}</b>${more.map(line => html`<span>${line}</span>`)}</div>`
  const rate = (name: string, of: Rate, hits: number, trials: number): Html =>
    trials === 0
      ? tile('–', name, 'none drawn')
      : tile(percent(of.rate), name, `${hits} of ${trials}`, `95 %: ${intervalText(of)}`)
  return html`<div class="tiles">
${rate('Success', summary, successes, episodes)}
${rate('Wrong object lifted', wrongObject, wrongObject.episodes, episodes)}
${rate('Fragile object crushed', fragile, fragile.crushed, fragile.episodes)}
${rate('Motion after “stop”', stops, stops.moved, stops.episodes)}
${rate('Won after a correction', corrections, corrections.successes, corrections.episodes)}
${tile(
  seconds.max === 0 ? '–' : `${seconds.p50.toFixed(1)} s`,
  'Time to success, median',
  seconds.max === 0 ? 'no grasp won' : `p99 ${seconds.p99.toFixed(1)} s, longest ${seconds.max.toFixed(1)} s`,
)}
</div>`
}

/** A table with a row for each rate: a name, successes, trials, and a drawing of Wilson's interval. */
function table(name: string, what: string, rows: readonly (readonly [string, number, number])[]): Html {
  return html`<table><thead><tr><th>${name}</th><th class="n">${what}</th><th class="n">share</th>\
<th>95 % interval</th><th></th></tr></thead><tbody>
${rows.map(([label, hits, trials]) => {
  const rate = rateOf(hits, trials)
  return html`<tr><td>${label}</td><td class="n">${hits} of ${trials}</td><td class="n">${percent(rate.rate)}</td>\
<td>${intervalText(rate)}</td><td class="wide">${intervalBar(rate)}</td></tr>`
})}</tbody></table>`
}

function intervalBar({ rate, wilson95: [low, high] }: Rate): Html {
  const at = (share: number): string => (share * 100).toFixed(1)
  return html`<svg class="interval" viewBox="0 0 100 14" preserveAspectRatio="none" aria-hidden="true">\
<rect class="track" y="6" width="100" height="2"/>\
<rect class="range" x="${at(low)}" y="3" width="${at(high - low)}" height="8"/>\
<rect class="at" x="${at(Math.min(rate, 0.992))}" y="1" width=".8" height="12"/></svg>`
}

function facts({ options, provenance, summary, results, meanInferenceMs, wallS, execution, date }: PageContents): Html {
  const simulated = results.reduce((sum, { seconds }) => sum + seconds, 0)
  const rows: readonly (readonly [string, string])[] = [
    ['model', provenance.model],
    ['model sha256', provenance.modelSha256 ?? 'none: scripted'],
    ['training commit', provenance.trainingCommit ?? 'not said'],
    ['robot file', provenance.robot],
    ['robot file sha256', provenance.robotSha256],
    ...rowsOf({ options, provenance, episodes: results.length, execution }),
    ['an inference', `${meanInferenceMs.toFixed(2)} ms (mean)`],
    ['time', `${wallS.toFixed(0)} s for ${simulated.toFixed(0)} simulated s`],
    [
      'peak finger force',
      `p50 ${spread(results.map(r => r.peakForce)).p50.toFixed(0)} N, p99 ` +
        `${spread(results.map(r => r.peakForce)).p99.toFixed(0)} N`,
    ],
    ['run', date.toISOString().replace(/\.\d+Z$/, 'Z')],
  ]
  return html`<dl>${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
<p class="soft">Success: the object meant, and no other, is lifted 10 cm and held for 1 s; the force on it never \
passes its crush limit; the table is not struck above 40 N; after “stop” nothing moves
(tool below 10 mm/s from 50 ms on, for 1 s; ${summary.stops.episodes} of these episodes ended so). Fragile: a crush \
limit below 70 N. Intervals: Wilson, 95 %. The wrist camera, wrist force and what is said are drawn as the sensors \
gave them;
what was taken away was taken away from the policy.</p>`
}

function everyEpisode(results: readonly EpisodeResult[]): Html {
  return html`<table><thead><tr><th class="n">episode</th><th>said first</th><th>said later</th>\
<th>meant in the end</th><th>result</th><th class="n">peak force</th><th class="n">time</th></tr></thead><tbody>
${results.map(
  r => html`<tr><td class="n">${r.index}</td><td>${r.command}</td><td>${r.correction ?? ''}</td>\
<td>${r.target ?? '(stop)'}</td><td>${r.success ? 'won' : (r.reason ?? 'unknown')}</td>\
<td class="n">${r.peakForce.toFixed(0)} N</td><td class="n">${r.seconds.toFixed(1)} s</td></tr>
`,
)}</tbody></table>`
}
