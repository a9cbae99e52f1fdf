interface Entry<T> {
  askedAt: number;
  /** The answer, perhaps still under way. */
  asked: Promise<T>;
  /** The answer that was there last. */
  last: T | undefined;
}

interface KeptOptions {
  /** How old an answer may be, counted from when it was asked for, in milliseconds. */
  forMs: number;
  /** How many answers are kept; beyond that, the longest asked for goes. */
  atMost: number;
  /** Milliseconds that never go back; the process's own unless given. */
  now?: () => number;
}

/** Answers that may be some moments old: each is asked for once in that time, however many want it, also at once. */
export class Kept<T> {
  private readonly entries = new Map<string, Entry<T>>();
  private readonly now: () => number;

  constructor(private readonly options: KeptOptions) {
    this.now = options.now ?? (() => performance.now());
  }

  /**
   * The answer for a key. One that is undefined, or fails, is not kept.
   *
   * @param ask - is given the answer before, where there is one.
   */
  get(key: string, ask: (before: T | undefined) => Promise<T>): Promise<T> {
    const askedAt = this.now();
    const known = this.entries.get(key);
    if (known && askedAt - known.askedAt < this.options.forMs) return known.asked;
    const entry: Entry<T> = { askedAt, asked: ask(known?.last), last: known?.last };
    this.keep(key, entry);
    entry.asked.then(
      (answer) => (answer === undefined ? this.drop(key, entry) : (entry.last = answer)),
      () => this.drop(key, entry)
    );
    return entry.asked;
  }

  /** Has everything asked for anew, also what is being asked for now. */
  forget(): void {
    this.entries.clear();
  }

  private keep(key: string, entry: Entry<T>): void {
    this.entries.delete(key);
    this.entries.set(key, entry);
    const [longest] = this.entries.keys();
    if (this.entries.size > this.options.atMost && longest !== undefined) this.entries.delete(longest);
  }

  private drop(key: string, entry: Entry<T>): void {
    if (this.entries.get(key) === entry) this.entries.delete(key);
  }
}
