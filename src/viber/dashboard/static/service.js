// One service: its circuit, its calls, what they wait for.

import { Chart } from "./chart.js";
import { Gauge, element, fill, show, write } from "./dom.js";
import { STATES, axisRate, count, countdown, latency, percent, rate, span } from "./format.js";
import { History } from "./history.js";

const CALLS = [
  { name: "succeeded", label: "succeeded", dash: "solid", width: 2 },
  { name: "failed", label: "failed", dash: "dashed", width: 2, isRare: true },
  { name: "rejected", label: "rejected", dash: "dotted", width: 2, isRare: true },
];
const LATENCIES = [
  { name: "p50", label: "p50", dash: "solid" },
  { name: "p95", label: "p95", dash: "dashed", width: 2 },
  { name: "p99", label: "p99", dash: "dotted", width: 2 },
];
const FIGURES = ["Calls per second", "Failing, last minute", "p95, last minute", "Under way", "Attempts per call", "Fallbacks"];
const SHADES = ["open", "half_open", "isolated", "disabled"];

export class Service {
  constructor(names, act) {
    this.act = act;
    this.history = new History(names);
    this.data = null;
    this.heard = 0;
    this.since = 0;
    this.build();
  }

  build() {
    this.state = element("span", "state-text");
    this.badge = element("span", "badge", element("span", "dot"), this.state);
    this.badge.firstChild.setAttribute("aria-hidden", "true");
    this.name = element("h2", "service-name");
    this.story = element("p", "story");
    this.buttons = element("div", "actions", this.button("Isolate", "isolate"), this.button("Reset", "reset"));
    this.window = new Gauge();
    this.figures = FIGURES.map(() => element("dd", ""));
    this.notes = FIGURES.map(() => element("dd", "note"));
    this.calls = new Chart("Calls per second", CALLS, rate, axisRate);
    this.latencies = new Chart("Latency of the last minute", LATENCIES, latency, latency);
    this.limits = element("div", "limits");
    this.facts = element("dl", "facts");
    this.operations = element("tbody", "");
    this.more = element("summary", "");
    this.details = element("details", "", this.more, table(["Operation", "Calls", "Errors", "p50", "p95", "p99"], this.operations));
    const shades = SHADES.map((state) => shade(state));
    const title = element("div", "service-title", this.name, this.badge, this.story, this.buttons);
    const figures = element("dl", "figures", ...FIGURES.map((label, place) =>
      element("div", "", element("dt", "", label), this.figures[place], this.notes[place])));
    this.node = element("article", "panel service", ...shades, title, this.window.node, figures,
      element("div", "charts", this.calls.node, this.latencies.node), this.limits, this.facts, this.details);
  }

  button(label, action) {
    const button = element("button", "", label);
    button.type = "button";
    button.addEventListener("click", () => this.act(this.data, action, button));
    return button;
  }

  /** What was heard of it just now. */
  hear(data, acts) {
    this.data = data;
    this.heard = performance.now();
    write(this.name, data.name);
    show(this.buttons, acts && data.circuit);
    this.buttons.setAttribute("aria-label", `Circuit of ${data.name}`);
    this.tellCircuit(data.circuit);
    this.tellFigures(data);
    this.tellFacts(data);
    this.tellOperations(data);
    fill(this.limits, data.limits, (limit) => limit.name, () => gauge(), (child, limit) =>
      child.gauge.set(limit.name, limit.used, limit.amount, limitText(limit)));
    this.tick();
  }

  draw(span) {
    this.calls.draw(this.history, span);
    this.latencies.draw(this.history, span);
  }

  /** What changes by itself: how long, and how long still. */
  tick() {
    const circuit = this.data?.circuit;
    if (!circuit) return;
    const passed = (performance.now() - this.heard) / 1000;
    const parts = [`for ${span(circuit.for + passed)}`];
    if (circuit.reason) parts.push(circuit.reason);
    if (circuit.state === "open") parts.push(probeText(circuit.retry_after - passed));
    if (circuit.state === "half_open") parts.push(`${circuit.successes} of ${circuit.to_close} probes good`);
    write(this.story, parts.join(" · "));
  }

  tellCircuit(circuit) {
    show(this.badge, circuit);
    show(this.window.node, circuit);
    if (!circuit) return;
    this.node.dataset.state = circuit.state;
    write(this.state, STATES[circuit.state] ?? circuit.state);
    const seconds = span(circuit.window);
    if (circuit.threshold != null) {
      this.window.set(`Failures within ${seconds}`, circuit.failures, circuit.threshold, `${circuit.failures} of ${circuit.threshold}`);
    } else {
      const [label, share, most] = circuit.rate_threshold != null
        ? ["Failure rate", circuit.failure_rate, circuit.rate_threshold]
        : ["Slow calls", circuit.slow_call_rate, circuit.slow_threshold];
      this.window.set(`${label} within ${seconds}`, share ?? 0, most, `${percent(share)} of ${percent(most)}`);
    }
  }

  tellFigures(data) {
    const { recent } = data;
    const sent = data.calls - data.rejected;
    const values = [
      rate(data.rate), percent(data.failing), latency(recent.p95), count(data.in_flight),
      sent ? (data.attempts / sent).toFixed(2) : "–", count(data.fallbacks),
    ];
    const notes = [
      `${count(data.calls)} in all`, `${count(data.failed)} in all`, `longest ${latency(recent.longest)}`,
      data.queued ? `${count(data.queued)} waiting` : "none waiting", `${count(sum(data.retries))} retries`, "",
    ];
    values.forEach((value, place) => write(this.figures[place], value));
    notes.forEach((note, place) => write(this.notes[place], note));
    show(this.figures[5].parentNode, data.fallbacks);
  }

  tellFacts(data) {
    const waits = Object.entries(data.waits).map(([gate, wait]) => [gate, `${count(wait.count)}, p95 ${latency(wait.p95)}`]);
    const rows = [["Errors", counts(data.errors)], ["Retried", counts(data.retries)], ["Rejected by", counts(data.rejections)], ["Waited for", waits]];
    fill(this.facts, rows.filter(([, entries]) => entries.length), ([label]) => label, fact, (row, [label, entries]) => {
      write(row.firstChild, label);
      fill(row.lastChild, entries, ([name]) => name, chip, (node, [name, text]) => {
        write(node.firstChild, name);
        write(node.lastChild, text);
      });
    });
  }

  tellOperations(data) {
    const hidden = data.more_operations ? `, ${data.more_operations} more are not shown` : "";
    write(this.more, `Operations (${data.operations.length}${hidden})`);
    fill(this.operations, data.operations, (each) => each.name, () => row(6), (node, each) => {
      const { recent } = each;
      const texts = [each.name, count(each.calls), count(each.errors), latency(recent.p50), latency(recent.p95), latency(recent.p99)];
      texts.forEach((text, place) => write(node.children[place], text));
    });
  }
}

const sum = (counted) => Object.values(counted).reduce((total, number) => total + number, 0);
const counts = (counted) => Object.entries(counted).map(([name, number]) => [name, count(number)]);
const fact = () => element("div", "", element("dt", ""), element("dd", "chips"));
const chip = () => element("span", "chip", element("span", ""), element("b", ""));
const row = (cells) => element("tr", "", ...Array.from({ length: cells }, (_, place) => element(place ? "td" : "th", "")));
const probeText = (seconds) => (seconds > 0 ? `next probe in ${countdown(seconds)}` : "the next call is a probe");

export function gauge() {
  const made = new Gauge();
  made.node.gauge = made;
  return made.node;
}

export const limitText = (limit) =>
  `${count(limit.used)} of ${count(limit.amount)}${limit.free_in ? `, free in ${countdown(limit.free_in)}` : ""}`;

function shade(state) {
  const node = element("span", "shade");
  node.dataset.shade = state;
  return node;
}

function table(titles, body) {
  const head = titles.map((title) => {
    const cell = element("th", "", title);
    cell.scope = "col";
    return cell;
  });
  const wide = element("div", "wide", element("table", "", element("thead", "", element("tr", "", ...head)), body));
  wide.tabIndex = 0;
  return wide;
}
