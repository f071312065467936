// Numbers for people. Unknown is a dash, and never 0.

const UNKNOWN = "–";
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const tenth = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const cents = new Intl.NumberFormat("en", { maximumSignificantDigits: 4 });
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const shortClock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

export const count = (number) => (number == null ? UNKNOWN : whole.format(number));

export const money = (amount) => cents.format(amount);

export const rate = (number) => (number >= 100 ? whole.format(number) : tenth.format(number));

export const axisRate = (number) => (number % 1 ? tenth.format(number) : whole.format(number));

export const percent = (share) => {
  if (share == null) return UNKNOWN;
  return share > 0 && share < 0.001 ? "< 0.1 %" : `${tenth.format(100 * share)} %`;
};

/** A latency: three digits say enough. */
export function latency(seconds) {
  if (!seconds) return UNKNOWN;
  if (seconds < 0.000_95) return `${whole.format(seconds * 1e6)} µs`;
  if (seconds < 0.009_5) return `${tenth.format(seconds * 1e3)} ms`;
  if (seconds < 0.999_5) return `${whole.format(seconds * 1e3)} ms`;
  return seconds < 99.5 ? `${tenth.format(seconds)} s` : span(seconds);
}

/** A length of time, in its two largest units. */
export function span(seconds) {
  const left = Math.max(0, Math.floor(seconds));
  const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  const first = units.findIndex(([, size]) => left >= size);
  if (first < 0) return "0 s";
  return units
    .slice(first, first + 2)
    .map(([unit, size], place) => [Math.floor((place ? left % units[first][1] : left) / size), unit])
    .filter(([number], place) => number || !place)
    .map(([number, unit]) => `${number} ${unit}`)
    .join(" ");
}

export const countdown = (seconds) => (seconds < 10 ? `${tenth.format(Math.max(0, seconds))} s` : span(seconds));

export const time = (milliseconds) => clock.format(milliseconds);

export const shortTime = (milliseconds) => shortClock.format(milliseconds);

export const STATES = {
  closed: "Closed",
  open: "Open",
  half_open: "Half-open",
  isolated: "Isolated",
  disabled: "Disabled",
};
