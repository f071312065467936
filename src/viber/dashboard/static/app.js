// The page: what is heard goes to the services and the lists beside them.

import { show, write } from "./dom.js";
import { STATES, span } from "./format.js";
import { tellChecks, tellEvents, tellModels } from "./lists.js";
import { Live } from "./live.js";
import { Service } from "./service.js";

const find = (id) => document.getElementById(id);
const services = [];

function hear(picture, isWhole) {
  const now = Date.now() / 1000;
  picture.services.forEach((data, place) => {
    const service = (services[place] ??= join(picture.columns));
    if (isWhole) service.history.load(picture.history[place], now);
    else service.history.add(now, data.point);
    service.hear(data, picture.acts);
  });
  for (const service of services.splice(picture.services.length)) service.node.remove();
  show(find("nothing"), !services.length);
  tellChecks(picture.checks);
  tellModels(picture.models);
  tellEvents(picture.events);
  summarise(picture.services);
  draw();
  watch();
}

function join(columns) {
  const service = new Service(columns, act);
  find("services").append(service.node);
  return service;
}

function draw() {
  const seconds = Number(document.querySelector("[name=span]:checked").value);
  for (const service of services) service.draw(seconds);
}

function summarise(all) {
  const troubled = all.filter(({ circuit }) => circuit && circuit.state !== "closed");
  const said = troubled.map(({ name, circuit }) => `${name}: ${(STATES[circuit.state] ?? circuit.state).toLowerCase()}`);
  const calm = all.length === 1 ? "The circuit is closed" : "All circuits are closed";
  write(find("summary"), said.length ? said.join(", ") : all.length ? calm : "Nothing to see yet");
  find("summary").dataset.troubled = String(said.length > 0);
  const title = said.length ? `${said.length} not closed · viber` : "viber";
  if (document.title !== title) document.title = title;
}

async function act({ place, name }, action, button) {
  if (action === "isolate" && !confirm(`Stop every call to ${name} until its circuit is reset?`)) return;
  button.disabled = true;
  try {
    const answer = await fetch("api/circuit", {
      method: "POST",
      headers: { "content-type": "application/json", "x-viber-action": action },
      body: JSON.stringify({ place, action }),
    });
    if (!answer.ok) alert(await answer.text());
  } catch {
    alert("The server could not be reached.");
  } finally {
    button.disabled = false;
  }
}

/** Whether what is shown is still so. */
function watch() {
  if (live === null) return;
  const { age, isLost } = live;
  show(find("lost"), isLost);
  document.body.classList.toggle("stale", isLost);
  write(find("lost-why"), isLost ? (age === null ? "No connection." : "Connection lost.") : "");
  write(find("lost-age"), age === null ? "Trying again …" : `Data ${span(age)} old; trying again …`);
  for (const service of services) service.tick();
}

let live = null;
find("spans").addEventListener("change", draw);
document.querySelector(".tools").addEventListener("submit", (event) => event.preventDefault());
live = new Live(hear);
setInterval(watch, 500);
