/**
 * How the status page looks: one narrow column on a phone, cards beside each other on a desk, light or dark as the
 * reader's system is.
 *
 * @module
 */

/** The text of the page's `<style>`. */
export const STATUS_PAGE_STYLE: string = `
:root {
  color-scheme: light dark;
  --back: #f4f6f8; --card: #fff; --line: #dfe4ea; --text: #1a2330; --soft: #586575;
  --good: #0f7a4f; --good-back: #e3f4ec; --bad: #b3261e; --bad-back: #fdeceb; --wait: #8a5a00; --wait-back: #fdf3dc;
  --changes: #1f6feb; --refreshes: #0f7a4f; --ignored: #b35900;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #0e1319; --card: #171d26; --line: #2a3440; --text: #e7ecf2; --soft: #9aa8b8;
    --good: #4fd09c; --good-back: #12301f; --bad: #ff8a80; --bad-back: #3a1715; --wait: #f0c060; --wait-back: #33270c;
    --changes: #6cabff; --refreshes: #4fd09c; --ignored: #f2a65a;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; padding: 1.5rem 1.25rem 3rem; background: var(--back); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; font-variant-numeric: tabular-nums;
}
header, main { max-width: 70rem; margin: 0 auto; }
header { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; align-items: center; justify-content: space-between; }
h1 { margin: 0; font-size: 1.4rem; line-height: 1.25; font-weight: 650; overflow-wrap: anywhere; }
h2 { margin: 0; font-size: .95rem; font-weight: 650; }
.product { margin: 0; color: var(--soft); font-size: .85rem; }
.badge {
  display: inline-flex; align-items: center; gap: .5rem; padding: .3rem .85rem; border-radius: 2rem;
  font-weight: 650; color: var(--wait); background: var(--wait-back);
}
.badge::before { content: ""; width: .6rem; height: .6rem; border-radius: 50%; background: currentColor; }
.badge.good { color: var(--good); background: var(--good-back); }
.badge.bad { color: var(--bad); background: var(--bad-back); }
.sentence { flex-basis: 100%; margin: 0; color: var(--soft); overflow-wrap: anywhere; }
.card, .notice { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; }
.card { padding: 1rem 1.1rem 1.1rem; }
.notice { margin: 1rem 0 0; padding: .6rem 1rem; border-left-width: .3rem; }
.notice.good { border-left-color: var(--good); }
.notice.bad { border-color: var(--bad); background: var(--bad-back); }
.notice.wait { border-color: var(--wait); background: var(--wait-back); }
.notice ul { margin: 0; padding-left: 1.1rem; }
.notice p { margin: 0; }
.tiles { display: grid; grid-template-columns: repeat(6, 1fr); gap: .75rem; margin: 1rem 0; }
.tiles > div { padding: .75rem .9rem; background: var(--card); border: 1px solid var(--line); border-radius: .6rem; }
.tiles dt { color: var(--soft); font-size: .82rem; white-space: nowrap; }
.tiles dd { margin: .1rem 0 0; font-size: 1.45rem; line-height: 1.25; font-weight: 600; white-space: nowrap; }
.tiles .unit { margin-left: .2em; font-size: .85rem; font-weight: 400; color: var(--soft); }
.chart-head { display: flex; flex-wrap: wrap; gap: .3rem 1.5rem; align-items: baseline; justify-content: space-between; }
.legend { display: flex; flex-wrap: wrap; gap: .1rem 1.25rem; margin: 0; padding: 0; list-style: none; font-size: .88rem; }
.legend li { display: flex; align-items: center; gap: .45rem; }
.legend i { width: 1rem; height: .2rem; border-radius: .1rem; background: currentColor; }
.legend b { min-width: 3.2em; font-weight: 600; }
.legend span { color: var(--text); }
.changes { color: var(--changes); } .refreshes { color: var(--refreshes); } .ignored { color: var(--ignored); }
.legend b { color: var(--text); }
#chart { display: block; width: 100%; height: 13rem; margin-top: .6rem; }
#chart path { fill: none; stroke: currentColor; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
#chart .grid { stroke: var(--line); stroke-width: 1; }
#chart .cursor { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 3 3; }
#chart text { fill: var(--soft); font-size: 12px; }
.cards { display: grid; grid-template-columns: repeat(3, 1fr); gap: .75rem; margin: .75rem 0; }
.facts { display: grid; grid-template-columns: auto 1fr; gap: .3rem 1rem; margin: .6rem 0 0; font-size: .92rem; }
.facts dt { color: var(--soft); white-space: nowrap; }
.facts dd { margin: 0; text-align: right; overflow-wrap: anywhere; }
.code { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; font-size: .92em; }
.none { margin: .6rem 0 0; color: var(--soft); }
.list { margin: .75rem 0 0; padding: 0; list-style: none; font-size: .92rem; }
.list li { display: grid; grid-template-columns: 11rem 9rem 1fr; gap: .25rem 1rem; padding: .45rem 0; border-top: 1px solid var(--line); }
#refused li { grid-template-columns: 21rem 1fr; }
.list li > * { overflow-wrap: anywhere; }
.list time, .list .code { color: var(--soft); }
.below { margin-top: .75rem; }
footer { max-width: 70rem; margin: 1rem auto 0; font-size: .85rem; color: var(--soft); }
footer a { color: inherit; margin-right: 1rem; }
.stale main { opacity: .5; }
[hidden] { display: none !important; }
@media (max-width: 60rem) { .tiles { grid-template-columns: repeat(3, 1fr); } .cards { grid-template-columns: 1fr; } }
@media (max-width: 36rem) {
  body { padding: 1rem .75rem 2rem; }
  .tiles { grid-template-columns: repeat(2, 1fr); gap: .5rem; }
  .list li, #refused li { grid-template-columns: 1fr auto; }
  .list li :last-child { grid-column: 1 / -1; }
  #chart { height: 10rem; }
}
`;
