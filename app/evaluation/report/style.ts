/** The style sheet of the report: one column, light or dark as the reader's system is. */
export const STYLE = `
:root { color-scheme: light dark; --page: #f6f7f9; --card: #fff; --ink: #1b2128; --soft: #5d6875; --line: #dde2e8; \
--won: #1d7f4c; --lost: #b3372f;
  --c0: #c2542d; --c1: #2f72b8; --c2: #2f8f5b; --c3: #8a5bb5; --c4: #2f72b8; --c5: #c2542d; --bar: #7aa7d9 }
@media (prefers-color-scheme: dark) { :root { --page: #14181d; --card: #1c2229; --ink: #e4e9ee; --soft: #98a4b1; \
--line: #323b45; --won: #58c48c; --lost: #f0837a;
  --c0: #e58a5f; --c1: #6fa8e6; --c2: #62bd8a; --c3: #b692dc; --c4: #6fa8e6; --c5: #e58a5f; --bar: #3f6fa6 } }
* { box-sizing: border-box }
body { margin: 0; background: var(--page); color: var(--ink); \
font: 15px/1.5 system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif }
main { max-width: 1120px; margin: 0 auto; padding: 32px 20px 64px }
h1 { font-size: 26px; margin: 0 } h2 { font-size: 19px; margin: 40px 0 12px } h3 { font-size: 16px; margin: 0 } \
small, .soft { color: var(--soft); font-weight: normal }
.lead { color: var(--soft); margin: 4px 0 20px }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(190px, 1fr)); gap: 12px }
.tile, .card, .episode { background: var(--card); border: 1px solid var(--line); border-radius: 10px; \
padding: 14px 16px }
.tile b { display: block; font-size: 24px; line-height: 1.3; font-variant-numeric: tabular-nums } \
.tile span { display: block; color: var(--soft); font-size: 13px }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(440px, 100%), 1fr)); gap: 12px; \
align-items: start }
.card { overflow-x: auto } .card h2 { margin-top: 0 }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th { text-align: left; font-weight: 600; color: var(--soft); font-size: 13px } th, td { padding: 4px 12px 4px 0; \
border-bottom: 1px solid var(--line); white-space: nowrap }
tr:last-child td { border-bottom: 0 } td.n, th.n { text-align: right }
td.wide { width: 40%; min-width: 120px } .interval { display: block; width: 100%; height: 14px }
.interval .track { fill: var(--line) } .interval .range { fill: var(--bar) } .interval .at { fill: var(--ink) }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 18px; margin: 0 } dt { color: var(--soft) } \
dd { margin: 0; overflow-wrap: anywhere }
.episode { margin-top: 12px } .facts { margin: 4px 0 10px; color: var(--soft) } .facts b { color: var(--ink) }
.badge { display: inline-block; padding: 0 9px; border-radius: 99px; font-size: 13px; border: 1px solid; \
margin-right: 4px } .badge.won { color: var(--won) } .badge.lost { color: var(--lost) }
.word { display: inline-block; margin: 2px 4px 0 0; padding: 0 8px; border-radius: 6px; background: var(--page); \
color: var(--ink); font-size: 13px }
.word.gone { color: var(--lost) }
.film { display: flex; gap: 6px; overflow-x: auto } .film figure { margin: 0; flex: 1 0 96px; max-width: 160px } \
.film img { display: block; width: 100%; height: auto; border-radius: 6px; background: var(--line) }
.film figcaption { text-align: center; font-size: 12px; color: var(--soft); font-variant-numeric: tabular-nums } \
.film .unseen img { opacity: .35 } .film .unseen figcaption::after { content: " (not seen)" }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(360px, 100%), 1fr)); gap: 16px; \
margin-top: 10px } .none { color: var(--soft) }
.chart { margin: 0 } .chart figcaption { display: flex; flex-wrap: wrap; gap: 0 8px; font-size: 13px; \
font-weight: 600 } .unit { color: var(--soft); font-weight: normal }
.legend { margin-left: auto; display: flex; gap: 10px; font-weight: normal; color: var(--soft) } \
.legend i { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 4px }
.chart svg { display: block; width: 100%; height: auto } .grid { stroke: var(--line) } .tick { fill: var(--soft); \
font-size: 10.5px }
.limit { stroke: var(--lost); stroke-dasharray: 5 4 } .limit-text { fill: var(--lost); font-size: 10.5px }
.mark { stroke-dasharray: 2 3; stroke: var(--ink) } .mark.gone { stroke: var(--lost); stroke-dasharray: none }
details { margin-top: 12px } summary { cursor: pointer; color: var(--soft) } .scroll { max-height: 480px; \
overflow: auto; margin-top: 8px }
@media (max-width: 640px) { td.wide { display: none } }
@media print { .episode, .card, .tile { break-inside: avoid } }
`
