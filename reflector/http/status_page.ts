/**
 * The status page: one document without a build and without anything from elsewhere.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { STATUS_PAGE_SCRIPT } from "./status_page_script.ts";
import { STATUS_PAGE_STYLE } from "./status_page_style.ts";

/** The document. */
export const STATUS_PAGE: string = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Lifeguard reflector</title>
<link rel="icon" href="data:,">
<style>${STATUS_PAGE_STYLE}</style>
</head>
<body>
<header>
  <div>
    <p class="product">Lifeguard reflector</p>
    <h1 id="name">…</h1>
  </div>
  <p class="badge" id="state" role="status">Asking</p>
  <p class="sentence" id="sentence"><noscript>This page needs JavaScript; <a href="status.json">status.json</a> does not.</noscript></p>
</header>
<main>
  <section class="notice" id="notice" aria-label="Alarms" aria-live="polite"><p>…</p></section>
  <dl class="tiles">
    <div><dt>Canary took</dt><dd id="canary">–</dd></div>
    <div><dt>Last canary</dt><dd id="silence">–</dd></div>
    <div><dt>Active keys</dt><dd id="active">–</dd></div>
    <div><dt>Changes</dt><dd id="rate-changes">–</dd></div>
    <div><dt>Refreshed</dt><dd id="rate-refreshes">–</dd></div>
    <div><dt>Ignored</dt><dd id="rate-ignored">–</dd></div>
  </dl>
  <section class="card" aria-labelledby="chart-title">
    <div class="chart-head">
      <h2 id="chart-title">What it does, <span id="moment">per second</span></h2>
      <ul class="legend">
        <li class="changes"><i></i><span>Changes</span> <b id="legend-changes">–</b></li>
        <li class="refreshes"><i></i><span>Refreshed</span> <b id="legend-refreshes">–</b></li>
        <li class="ignored"><i></i><span>Ignored</span> <b id="legend-ignored">–</b></li>
      </ul>
    </div>
    <svg id="chart" role="img" aria-label="Changes per second over the last two minutes"></svg>
  </section>
  <div class="cards">
    <section class="card"><h2>Leadership</h2><dl class="facts" id="leadership"></dl></section>
    <section class="card"><h2>Stream</h2><dl class="facts" id="stream"></dl></section>
    <section class="card"><h2>Cache</h2><dl class="facts" id="store"></dl></section>
  </div>
  <section class="card">
    <h2>Last faults</h2>
    <p class="none" id="no-faults">None</p>
    <ul class="list" id="faults"></ul>
  </section>
  <section class="card below" id="refused-card" hidden>
    <h2>Tables that are not cached</h2>
    <p class="none" id="no-refused" hidden>None</p>
    <ul class="list" id="refused"></ul>
  </section>
</main>
<footer><a href="status.json">status.json</a><a href="metrics">metrics</a><a href="readyz">readyz</a><a href="healthz">healthz</a></footer>
<script>${STATUS_PAGE_SCRIPT}</script>
</body>
</html>
`;

/** What a browser may do with it: run this script, use this style, ask this server. */
export const STATUS_PAGE_POLICY: string = [
  "default-src 'none'",
  `script-src '${hash(STATUS_PAGE_SCRIPT)}'`,
  `style-src '${hash(STATUS_PAGE_STYLE)}'`,
  "connect-src 'self'",
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

function hash(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
