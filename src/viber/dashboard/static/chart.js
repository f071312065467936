// A small chart of the last minutes, drawn by uPlot; its colours are those of its legend.

import { element, write } from "./dom.js";
import { shortTime, time } from "./format.js";

const FONT = "11px system-ui, sans-serif";
const HEIGHT = 132;
const SHORTEST = 60;
const DASHES = { solid: [], dashed: [6, 4], dotted: [2, 3] };

export class Chart {
  /** `lines`: name, label and dash of each column; `say` and `sayAxis` turn a number into text. */
  constructor(title, lines, say, sayAxis) {
    this.lines = lines;
    this.say = say;
    this.sayAxis = sayAxis;
    this.span = 300;
    this.history = null;
    this.plot = null;
    this.moment = element("span", "chart-moment");
    this.keys = lines.map((line) => element("span", `key key-${line.name} ${line.dash}`));
    this.values = lines.map(() => element("span", "chart-value"));
    const legend = lines.map((line, place) =>
      element("span", "legend-item", this.keys[place], line.label, " ", this.values[place]),
    );
    this.canvas = element("div", "chart-canvas");
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", `${title}, over time`);
    const head = element("figcaption", "chart-head", element("strong", "", title), this.moment);
    this.node = element("figure", "chart", head, this.canvas, element("div", "legend", ...legend));
    new ResizeObserver(() => this.fit()).observe(this.canvas);
    addEventListener("themechange", () => this.plot?.redraw());
  }

  draw(history, span) {
    this.history = history;
    this.span = span;
    if (!this.canvas.clientWidth) return;
    if (this.plot) this.plot.setData(this.data());
    else this.begin();
    this.tell();
  }

  begin() {
    this.plot = new uPlot(this.options(), this.data(), this.canvas);
  }

  fit() {
    const width = this.canvas.clientWidth;
    if (!width || !this.history) return;
    if (this.plot) this.plot.setSize({ width, height: HEIGHT });
    else this.begin();
  }

  data() {
    const columns = this.lines.map((line) => (line.isRare ? withoutRest(this.history[line.name]) : this.history[line.name]));
    return [this.history.at, ...columns];
  }

  /** The numbers under the pointer, or else the newest. */
  tell() {
    const row = this.plot?.cursor.idx ?? this.history.at.length - 1;
    const isPast = this.plot?.cursor.idx != null;
    write(this.moment, isPast ? time(1000 * this.history.at[row]) : "");
    this.lines.forEach((line, place) => {
      const value = this.history[line.name][row];
      write(this.values[place], value == null ? "–" : this.say(value));
    });
  }

  options() {
    const color = (place) => getComputedStyle(this.keys[place]).color;
    const quiet = () => getComputedStyle(this.moment).color;
    const faint = () => getComputedStyle(this.canvas).borderTopColor;
    const axis = { stroke: quiet, font: FONT, ticks: { show: false }, gap: 6 };
    return {
      width: this.canvas.clientWidth,
      height: HEIGHT,
      padding: [8, 4, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
      scales: {
        x: { time: true, range: () => this.range() },
        y: { range: (_, __, most) => [0, uPlot.rangeNum(0, most || 1, 0.1, true)[1]] },
      },
      axes: [
        { ...axis, size: 22, grid: { show: false }, space: 64, values: (_, splits) => splits.map((at) => this.label(at)) },
        { ...axis, size: 52, space: 28, grid: { stroke: faint, width: 1 }, values: (_, splits) => splits.map((value) => (value ? this.sayAxis(value) : "0")) },
      ],
      series: [
        {},
        ...this.lines.map((line, place) => ({
          stroke: () => color(place),
          width: line.width ?? 1.5,
          dash: DASHES[line.dash],
          points: { show: false },
        })),
      ],
      hooks: { drawClear: [(plot) => this.shade(plot)], setCursor: [() => this.tell()] },
    };
  }

  /** As much as is asked for; at the beginning as much as there is, and a minute at least. */
  range() {
    const end = this.history.at.at(-1) ?? Date.now() / 1000;
    const first = Math.min(this.history.at[0] ?? end, end - SHORTEST);
    return [Math.max(end - this.span, first), end];
  }

  label(at) {
    return at % 60 ? time(1000 * at) : shortTime(1000 * at);
  }

  /** Behind the lines: when the circuit was not closed. */
  shade(plot) {
    const { left, top, width, height } = plot.bbox;
    const probe = this.canvas.closest(".service")?.querySelectorAll("[data-shade]") ?? [];
    const colors = Object.fromEntries([...probe].map((node) => [node.dataset.shade, getComputedStyle(node).backgroundColor]));
    const place = (at) => Math.min(left + width, Math.max(left, plot.valToPos(at, "x", true)));
    plot.ctx.save();
    for (const { state, from, to } of this.history.troubles()) {
      plot.ctx.fillStyle = colors[state] ?? "transparent";
      plot.ctx.fillRect(place(from), top, Math.max(place(to) - place(from), 0), height);
    }
    plot.ctx.restore();
  }
}

/** What is nothing most of the time is drawn when it is something, and how it comes and goes. */
const withoutRest = (column) =>
  column.map((value, row) => (value || column[row - 1] || column[row + 1] ? value : null));
