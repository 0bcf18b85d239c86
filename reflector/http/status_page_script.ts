/**
 * What the status page does: it asks `/status.json` once a second while somebody looks, and shows what it says. Whatever
 * comes from outside becomes text, never markup.
 *
 * @module
 */

/** The text of the page's `<script>`: plain JavaScript, which the compiler does not see; a test runs it in a browser. */
export const STATUS_PAGE_SCRIPT: string = String.raw`
"use strict";
const PERIOD = 1000, WINDOW = 120000, SVG = "http://www.w3.org/2000/svg";
const SERIES = [["changes", "notifications"], ["refreshes", "refreshes"], ["ignored", "ignored"]];
const points = [];
let before, heard = 0, cursor;

const at = (id) => document.getElementById(id);
const show = (id, text) => { const node = at(id); if (node.textContent !== text) node.textContent = text; };

function element(name, text, className) {
  const node = document.createElement(name);
  if (text !== undefined) node.textContent = text;
  if (className) node.className = className;
  return node;
}

const digits = (value, places) => value.toLocaleString("en", { maximumFractionDigits: places });
function amount(value) {
  if (value === undefined || value === null) return "–";
  return digits(value, value > 0 && value < 10 ? 1 : 0);
}
function duration(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return s + " s";
  if (s < 3600) return Math.floor(s / 60) + " min " + (s % 60) + " s";
  if (s < 86400) return Math.floor(s / 3600) + " h " + Math.floor(s % 3600 / 60) + " min";
  return Math.floor(s / 86400) + " d " + Math.floor(s % 86400 / 3600) + " h";
}
function bytes(value) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) { value /= 1024; unit++; }
  return digits(value, value < 10 && unit > 0 ? 1 : 0) + " " + units[unit];
}
function tile(id, value, unit) {
  const node = at(id);
  const text = amount(value);
  if (node.dataset.text === text + unit) return;
  node.dataset.text = text + unit;
  node.replaceChildren(text);
  if (unit && text !== "–") node.append(element("span", unit, "unit"));
}
function clock(text) {
  const date = new Date(text);
  const time = date.toLocaleTimeString("en-GB");
  return date.toDateString() === new Date().toDateString() ? time : date.toLocaleDateString("en-CA") + " " + time;
}

/** Puts facts, pairs of a name and a value, into a list of terms. */
function facts(id, pairs) {
  const known = pairs.filter((pair) => pair[1] !== undefined && pair[1] !== null);
  const key = JSON.stringify(known);
  const list = at(id);
  if (list.dataset.key === key) return;
  list.dataset.key = key;
  list.replaceChildren(...known.flatMap((pair) => [element("dt", pair[0]), element("dd", String(pair[1]), pair[2])]));
}

const STATES = { idle: "Not started", following: "Following", establishing: "Establishing", leading: "Leading", stopped: "Stopped" };

function sentence(status, now) {
  const since = "since " + clock(status.since) + " (" + duration(now - Date.parse(status.since)) + ")";
  if (status.state === "leading") return "Leads " + since;
  if (status.state === "following") {
    return "Stands by " + since + "; " + (status.leader ? leader(status)[0] + " leads" : "nobody is known to lead");
  }
  return (STATES[status.state] || status.state) + " " + since;
}

/** Who leads and since when: names of leaders end in a time. */
function leader(status) {
  const text = status.leader || "nobody known";
  const found = /^(.+):(\d{4}-\d\d-\d\dT[\d:]+Z)$/.exec(text);
  return found ? [found[1], clock(found[2])] : [text, undefined];
}

function notice(status) {
  const box = at("notice");
  const texts = (status.ready ? [] : ["Not ready: " + status.reason]).concat(status.alarms);
  const key = JSON.stringify([status.ready, texts]);
  if (box.dataset.key === key) return;
  box.dataset.key = key;
  box.className = "notice " + (status.ready ? (texts.length ? "wait" : "good") : "bad");
  if (texts.length === 0) return box.replaceChildren(element("p", "Ready, no alarms"));
  const list = element("ul");
  list.append(...texts.map((text) => element("li", text)));
  box.replaceChildren(list);
}

function rows(id, items, none) {
  const list = at(id);
  const key = JSON.stringify(items);
  at(none).hidden = items.length > 0;
  if (list.dataset.key === key) return;
  list.dataset.key = key;
  list.replaceChildren(...items.map((cells) => {
    const row = element("li");
    row.append(...cells);
    return row;
  }));
}

function faultRow(fault) {
  const time = element("time", clock(fault.at));
  time.dateTime = fault.at;
  return [time, element("span", fault.event, "code"), element("span", fault.message)];
}

function render(status) {
  const now = Date.parse(status.now);
  const { lag, watermark, coverage, counters } = status;
  document.title = (STATES[status.state] || status.state) + " · " + status.name;
  show("name", status.name);
  const badge = at("state");
  show("state", STATES[status.state] || status.state);
  badge.className = "badge " + (status.ready ? "good" : status.state === "establishing" ? "" : "bad");
  show("sentence", sentence(status, now));
  notice(status);
  tile("canary", lag.canary, "ms");
  tile("silence", lag.silence === undefined ? undefined : Math.round(lag.silence), "ms ago");
  tile("active", status.activeKeys, "");
  const last = points.length ? points[points.length - 1].values : [];
  tile("rate-changes", last[0], "/s");
  tile("rate-refreshes", last[1], "/s");
  tile("rate-ignored", last[2], "/s");
  facts("leadership", [
    ["Leader", leader(status)[0]],
    ["Elected", leader(status)[1]],
    ["Elected by", status.election === "etcd" ? "etcd" : "PostgreSQL"],
    ["Term", watermark && watermark.term],
    ["Leader changes", digits(counters.leaderChanges, 0)],
    ["Faults", digits(counters.faults, 0)],
  ]);
  facts("stream", [
    ["Source", status.source || "none while it does not lead"],
    ["Watermark", watermark && watermark.lsn, "code"],
    ["Epoch", watermark && watermark.epoch, "code"],
    ["Database", watermark && watermark.database],
    ["Timeline", watermark && watermark.timeline, "code"],
    ["WAL kept", lag.walBytes === undefined ? undefined : bytes(lag.walBytes)],
    ["Queue in use", lag.queueUsage === undefined ? undefined : digits(lag.queueUsage * 100, 1) + " %"],
    ["Applying took", lag.apply === undefined ? undefined : amount(lag.apply) + " ms"],
  ]);
  facts("store", [
    ["Store", status.store],
    ["Answers", status.storeAnswers ? "yes" : "no"],
    ["Tables covered", coverage && digits(coverage.tables.length, 0)],
    ["Tables refused", coverage && digits(coverage.refused.length, 0)],
    ["Changes", digits(counters.notifications, 0)],
    ["Refreshed", digits(counters.refreshes, 0)],
    ["Refreshes given up", digits(counters.refreshesSkipped, 0)],
    ["Ignored", digits(counters.ignored, 0)],
    ["Whole tables voided", digits(counters.tables, 0)],
  ]);
  rows("faults", status.faults.map(faultRow), "no-faults");
  const refused = coverage ? coverage.refused : [];
  at("refused-card").hidden = refused.length === 0;
  rows("refused", refused.map((table) => [element("span", table.name, "code"), element("span", table.reason)]), "no-refused");
}

/** Remembers the rates between two answers. */
function remember(status) {
  const now = Date.parse(status.now);
  if (before) {
    const seconds = (now - Date.parse(before.now)) / 1000;
    const values = SERIES.map((series) => (status.counters[series[1]] - before.counters[series[1]]) / seconds);
    const restarted = values.some((value) => value < 0);
    if (seconds > 0 && !restarted) points.push({ at: now, values, gap: seconds > 5 });
  }
  before = status;
  while (points.length && points[0].at < now - WINDOW) points.shift();
}

function ceiling(value) {
  if (value <= 4) return 4;
  const power = Math.pow(10, Math.floor(Math.log10(value)));
  return [1, 2, 4, 6, 8, 10].map((step) => step * power).find((step) => step >= value);
}

function line(x1, y1, x2, y2, className) {
  const node = document.createElementNS(SVG, "line");
  for (const [name, value] of [["x1", x1], ["y1", y1], ["x2", x2], ["y2", y2], ["class", className]]) node.setAttribute(name, value);
  return node;
}
function label(x, y, text, anchor) {
  const node = document.createElementNS(SVG, "text");
  for (const [name, value] of [["x", x], ["y", y], ["text-anchor", anchor]]) node.setAttribute(name, value);
  node.textContent = text;
  return node;
}

function draw() {
  const chart = at("chart");
  const width = chart.clientWidth, height = chart.clientHeight;
  if (width === 0) return;
  chart.setAttribute("viewBox", "0 0 " + width + " " + height);
  const left = 44, right = width - 4, top = 10, bottom = height - 22;
  const end = points.length ? points[points.length - 1].at : Date.now();
  const most = ceiling(Math.max(0, ...points.flatMap((point) => point.values)));
  const x = (time) => right - (end - time) / WINDOW * (right - left);
  const y = (value) => bottom - value / most * (bottom - top);
  const nodes = [];
  for (let step = 0; step <= 4; step++) {
    const value = most * step / 4;
    nodes.push(line(left, y(value), right, y(value), "grid"), label(left - 8, y(value) + 4, digits(value, 1), "end"));
  }
  nodes.push(label(left, height - 4, "2 min ago", "start"), label((left + right) / 2, height - 4, "1 min ago", "middle"), label(right, height - 4, "now", "end"));
  SERIES.forEach((series, index) => {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("class", series[0]);
    path.setAttribute("d", points.map((point, place) =>
      (place === 0 || point.gap ? "M" : "L") + x(point.at).toFixed(1) + " " + y(point.values[index]).toFixed(1)).join(""));
    nodes.push(path);
  });
  let chosen = points[points.length - 1];
  if (cursor !== undefined && points.length) {
    const time = end - (right - cursor) / (right - left) * WINDOW;
    chosen = points.reduce((best, point) => Math.abs(point.at - time) < Math.abs(best.at - time) ? point : best);
    nodes.push(line(x(chosen.at), top, x(chosen.at), bottom, "cursor"));
  }
  chart.replaceChildren(...nodes);
  const values = chosen ? chosen.values : [];
  SERIES.forEach((series, index) => show("legend-" + series[0], amount(values[index])));
  show("moment", chosen && cursor !== undefined ? duration(end - chosen.at) + " ago" : "per second");
  chart.setAttribute("aria-label", "Changes per second over the last two minutes. Now: " +
    SERIES.map((series, index) => amount(values[index]) + " " + series[0]).join(", "));
}

function lost(reason) {
  document.body.classList.add("stale");
  at("state").className = "badge bad";
  show("state", "No answer");
  document.title = "No answer · reflector";
  show("sentence", heard === 0 ? "The reflector does not answer: " + reason
    : "The reflector has not answered for " + duration(performance.now() - heard) + "; below is what it said last");
}

async function turn() {
  try {
    const answer = await fetch("status.json", { signal: AbortSignal.timeout(3000) });
    if (!answer.ok) throw new Error("status " + answer.status);
    const status = await answer.json();
    heard = performance.now();
    document.body.classList.remove("stale");
    remember(status);
    render(status);
    draw();
  } catch (error) {
    lost(error.message);
  }
}

let running = false;
async function run() {
  if (running) return;
  running = true;
  while (!document.hidden) {
    const began = performance.now();
    await turn();
    await new Promise((resolve) => setTimeout(resolve, Math.max(100, PERIOD - (performance.now() - began))));
  }
  running = false;
}

const chart = at("chart");
chart.addEventListener("pointermove", (event) => { cursor = event.clientX - chart.getBoundingClientRect().left; draw(); });
chart.addEventListener("pointerleave", () => { cursor = undefined; draw(); });
new ResizeObserver(draw).observe(chart);
document.addEventListener("visibilitychange", () => void run());
void run();
`;
