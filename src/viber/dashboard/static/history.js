// What the charts of one service show: columns of numbers, by time in seconds of this browser.

const KEPT = 900;
const GAP = 3.5; // a longer silence is drawn as none: nobody looked

export class History {
  constructor(names) {
    this.names = names.filter((name) => name !== "ago");
    this.clear();
  }

  clear() {
    this.at = [];
    for (const name of this.names) this[name] = [];
  }

  /** Begin anew with the columns of a snapshot. */
  load(columns, now) {
    this.clear();
    columns.ago.forEach((ago, row) => this.add(now - ago, this.names.map((name) => columns[name][row])));
  }

  /** One more second; what is too old goes. */
  add(at, values) {
    const last = this.at.at(-1);
    if (last !== undefined && at <= last) return;
    if (last !== undefined && at - last > GAP) this.push((at + last) / 2, this.names.map(() => null));
    this.push(at, values);
    let old = 0;
    while (this.at[old] < at - KEPT) old += 1;
    if (old > 60) for (const name of ["at", ...this.names]) this[name].splice(0, old);
  }

  push(at, values) {
    this.at.push(at);
    this.names.forEach((name, place) => this[name].push(values[place]));
  }

  /** The stretches of time in which the circuit was in some state but closed. */
  *troubles() {
    let began = 0;
    for (let row = 1; row <= this.at.length; row += 1) {
      const state = this.state[began];
      if (this.state[row] === state) continue;
      if (state && state !== "closed") yield { state, from: this.at[began], to: this.at[Math.min(row, this.at.length - 1)] };
      began = row;
    }
  }
}
