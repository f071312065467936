// What stands beside the services: health, models, events.

import { element, fill, show, write } from "./dom.js";
import { STATES, count, latency, money, span, time } from "./format.js";
import { gauge, limitText } from "./service.js";

const find = (selector) => document.querySelector(selector);

export function tellChecks(checks) {
  show(find("#health"), checks.length);
  fill(find(".checks"), checks, (check) => check.name, () => parts("li", 3), (node, check) => {
    node.dataset.healthy = String(check.healthy);
    const text = check.healthy ? `healthy, ${latency(check.latency)}` : "unhealthy";
    [check.name, text, check.error].forEach((part, place) => write(node.children[place], part));
  });
}

export function tellModels(models) {
  show(find("#models"), models.length);
  fill(find(".models"), models, (model) => model.name, makeModel, (node, model) => {
    const { name, state, figures, limits } = node.parts;
    write(name, model.name);
    write(state, modelState(model));
    const cost = model.unpriced ? `${money(model.cost)} + unknown` : money(model.cost);
    const rows = [["Answers", count(model.answers)], ["Input", count(model.input)], ["Output", count(model.output)],
      ["Cached", count(model.cached)], ["Cost", model.answers ? cost : "–"]];
    fill(figures, rows, ([label]) => label, ([label]) => element("div", "", element("dt", "", label), element("dd", "")),
      (cell, [, text]) => write(cell.lastChild, text));
    fill(limits, model.limits, (limit) => limit.name, gauge, (child, limit) =>
      child.gauge.set(limit.name, limit.used, limit.amount, limitText(limit)));
  });
}

function makeModel() {
  const made = {
    name: element("strong", ""), state: element("span", "quiet"),
    figures: element("dl", "model-figures"), limits: element("div", "limits"),
  };
  const node = element("li", "", element("p", "model-name", made.name, made.state), made.figures, made.limits);
  node.parts = made;
  return node;
}

function modelState(model) {
  const said = model.circuits.filter((state) => state !== "closed").map((state) => `circuit ${STATES[state].toLowerCase()}`);
  if (model.is_held) said.push(model.held_for == null ? "paused for good" : `paused for ${span(model.held_for)}`);
  if (model.waiting) said.push(`${count(model.waiting)} waiting`);
  return said.join(" · ");
}

export function tellEvents(events) {
  const now = Date.now();
  const key = (event) => `${event.service}\n${event.kind}\n${event.text}\n${Math.round((now / 1000 - event.began) / 5)}`;
  const unique = new Map(events.map((event) => [key(event), event]));
  fill(find(".events"), [...unique.values()], key, () => parts("li", 4), (node, event) => {
    node.dataset.kind = event.kind;
    const times = event.count > 1 ? `× ${count(event.count)}` : "";
    [time(now - 1000 * event.ago), event.service, event.text, times].forEach((text, place) => write(node.children[place], text));
  });
}

const parts = (tag, number) => element(tag, "", ...Array.from({ length: number }, () => element("span", "")));
