/** A control request that cannot be understood; answered 400 with the message. */
export class ControlError extends Error {}

/** The fields of a JSON object, each read as what it must be. */
export class Fields {
  private readonly values: Record<string, unknown>;

  constructor(
    text: string,
    private readonly prefix = ''
  ) {
    let value: unknown;
    try {
      value = JSON.parse(text.trim() === '' ? '{}' : text);
    } catch {
      throw new ControlError('the body must be JSON');
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new ControlError(`${prefix || 'the body '}must be an object`);
    this.values = value as Record<string, unknown>;
  }

  allow(...names: string[]): void {
    const stranger = Object.keys(this.values).find((name) => !names.includes(name));
    if (stranger !== undefined)
      throw new ControlError(`${this.prefix}${stranger} is not known; there are ${names.join(', ')}`);
  }

  has(name: string): boolean {
    return this.values[name] !== undefined;
  }

  isNull(name: string): boolean {
    return this.values[name] === null;
  }

  isList(name: string): boolean {
    return Array.isArray(this.values[name]);
  }

  any(name: string): unknown {
    return this.values[name];
  }

  text(name: string): string | undefined {
    return this.read(name, 'a text', (value) => typeof value === 'string') as string | undefined;
  }

  boolean(name: string): boolean | undefined {
    return this.read(name, 'true or false', (value) => typeof value === 'boolean') as boolean | undefined;
  }

  number(name: string, least: number): number | undefined {
    return this.read(name, `a number of ${least} or more`, (value) => typeof value === 'number' && value >= least) as
      number | undefined;
  }

  integer(name: string, least: number, most: number): number | undefined {
    const fits = (value: unknown) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
    return this.read(name, `an integer from ${least} to ${most}`, fits) as number | undefined;
  }

  oneOf<T extends string>(name: string, allowed: readonly T[]): T | undefined {
    return this.read(name, `one of ${allowed.join(', ')}`, (value) => allowed.includes(value as T)) as T | undefined;
  }

  texts(name: string): string[] | undefined {
    const fits = (value: unknown) => Array.isArray(value) && value.every((entry) => typeof entry === 'string');
    return this.read(name, 'a list of texts', fits) as string[] | undefined;
  }

  integers(name: string, least: number, most: number): number[] | undefined {
    const isOne = (value: unknown) =>
      Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
    const fits = (value: unknown) => Array.isArray(value) && value.every(isOne);
    return this.read(name, `a list of integers from ${least} to ${most}`, fits) as number[] | undefined;
  }

  list(name: string): unknown[] | undefined {
    return this.read(name, 'a list', Array.isArray) as unknown[] | undefined;
  }

  nested(name: string): Fields | undefined {
    return this.has(name) ? new Fields(JSON.stringify(this.values[name]), `${this.prefix}${name}.`) : undefined;
  }

  /** The objects of a list. */
  each(name: string): Fields[] | undefined {
    return this.list(name)?.map((entry, index) => new Fields(JSON.stringify(entry), `${this.prefix}${name}.${index}.`));
  }

  /** The objects of an object, by name. */
  byName(name: string): [name: string, Fields][] {
    const nested = this.nested(name);
    return Object.keys(nested?.values ?? {}).flatMap((key) => {
      const fields = nested?.nested(key);
      return fields ? [[key, fields] as [string, Fields]] : [];
    });
  }

  /** A field that must be there. */
  needed<T>(name: string, value: T | undefined): T {
    if (value === undefined) throw new ControlError(`${this.prefix}${name} is required`);
    return value;
  }

  private read(name: string, kind: string, fits: (value: unknown) => boolean): unknown {
    const value = this.values[name];
    if (value === undefined) return undefined;
    if (!fits(value)) throw new ControlError(`${this.prefix}${name} must be ${kind}`);
    return value;
  }
}
