// The stream: one while the page is seen, begun anew when it breaks.

const AGAIN = 3000;
const STALE = 3;

export class Live {
  /** `hear` is given each picture, and whether it is a whole one. */
  constructor(hear) {
    this.hear = hear;
    this.source = null;
    this.timer = 0;
    this.heardAt = null;
    this.openedAt = performance.now();
    this.isBroken = false;
    document.addEventListener("visibilitychange", () => (document.hidden ? this.pause() : this.open()));
    if (!document.hidden) this.open();
  }

  /** Whether something should have been heard by now. */
  get isLost() {
    const since = Math.max(this.heardAt ?? 0, this.openedAt);
    return !document.hidden && (this.isBroken || performance.now() - since > 1000 * STALE);
  }

  /** Seconds since something was heard; null before the first. */
  get age() {
    return this.heardAt === null ? null : (performance.now() - this.heardAt) / 1000;
  }

  open() {
    this.pause();
    this.openedAt = performance.now();
    this.source = new EventSource("api/stream");
    this.source.addEventListener("snapshot", (event) => this.take(event, true));
    this.source.addEventListener("delta", (event) => this.take(event, false));
    this.source.addEventListener("error", () => this.fail());
  }

  pause() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  take(event, isWhole) {
    this.heardAt = performance.now();
    this.isBroken = false;
    this.hear(JSON.parse(event.data), isWhole);
  }

  /** The browser comes back by itself, unless it was refused: then it gives up, and we do not. */
  fail() {
    this.isBroken = true;
    if (this.source?.readyState === EventSource.CLOSED) {
      this.timer = setTimeout(() => this.open(), AGAIN);
    }
  }
}
