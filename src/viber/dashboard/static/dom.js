// Elements from data: names come from anywhere, so they are only ever written as text.

/** An element with a class and children; a string becomes text. */
export function element(tag, className = "", ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

/** Write text, if it is another one: what does not change is not announced, nor laid out anew. */
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function show(node, isShown) {
  node.hidden = !isShown;
}

/** Let a list have one child for each item, in order; a child stays as long as the key of its item does. */
export function fill(parent, items, keyOf, create, update) {
  parent.children_by_key ??= new Map();
  const known = parent.children_by_key;
  const kept = new Map();
  let place = parent.firstElementChild;
  for (const item of items) {
    let key = keyOf(item);
    while (kept.has(key)) key += "\u0000"; // two may look the same
    const child = known.get(key) ?? create(item);
    known.delete(key);
    kept.set(key, child);
    update(child, item);
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
  }
  for (const child of known.values()) child.remove();
  parent.children_by_key = kept;
}

/** A bar that is full at its limit, and says so to those who do not see it. */
export class Gauge {
  constructor() {
    this.label = element("span", "gauge-label");
    this.value = element("span", "gauge-value");
    this.bar = element("span", "gauge-bar");
    this.track = element("span", "gauge-track", this.bar);
    this.track.setAttribute("role", "meter");
    this.track.setAttribute("aria-valuemin", "0");
    this.node = element("div", "gauge", this.label, this.value, this.track);
  }

  set(label, used, most, text) {
    write(this.label, label);
    write(this.value, text);
    const share = most > 0 ? Math.min(1, used / most) : 0;
    this.bar.style.inlineSize = `${100 * share}%`;
    this.node.dataset.level = share >= 1 ? "full" : share >= 0.8 ? "high" : "low";
    this.track.setAttribute("aria-label", label);
    this.track.setAttribute("aria-valuemax", String(most));
    this.track.setAttribute("aria-valuenow", String(Math.min(used, most)));
    this.track.setAttribute("aria-valuetext", text);
  }
}
