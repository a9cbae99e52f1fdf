/** A column's name as programs compare it: `Body (HTML)` is `body_html`, `g:image link` is `image_link`. */
export function keyOf(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/^g:/, '')
    .replace(/[^\p{L}\p{N}]+/gu, '_')
    .replace(/^_+|_+$/g, '');
}

/** The first line of a file. */
export class Header {
  /** The columns that have a name, by key. */
  readonly keys: readonly string[];
  /** Cells that a row must have. */
  readonly width: number;
  private readonly places = new Map<string, number>();

  constructor(readonly names: readonly string[]) {
    names.forEach((name, place) => {
      const key = keyOf(name);
      if (key !== '' && !this.places.has(key)) this.places.set(key, place);
    });
    this.keys = [...this.places.keys()];
    this.width = names.length;
  }

  has(...keys: string[]): boolean {
    return keys.every((key) => this.places.has(key));
  }

  /** The first of the keys that is a column. */
  find(keys: readonly string[]): string | undefined {
    return keys.find((key) => this.places.has(key));
  }

  placeOf(key: string): number | undefined {
    return this.places.get(key);
  }

  /** The column's name as the file has it. */
  nameOf(key: string): string {
    return this.names[this.places.get(key) ?? -1]?.trim() ?? key;
  }
}

/** One record under its header. */
export class Row {
  constructor(
    readonly line: number,
    readonly header: Header,
    private readonly cells: readonly string[]
  ) {}

  /** A cell without the white space around it; empty when there is no such column. */
  text(key: string | undefined): string {
    const place = key === undefined ? undefined : this.header.placeOf(key);
    return place === undefined ? '' : (this.cells[place] ?? '').trim();
  }
}
