import { Kept } from '../../api/kept';

/** Answers 1, 2, 3 … and says what it was given as the answer before. */
function counter() {
  const befores: (number | undefined)[] = [];
  const ask = async (before: number | undefined): Promise<number> => befores.push(before);
  return { befores, ask };
}

function keptFor(forMs: number, atMost = 10) {
  const time = { now: 0 };
  return { time, kept: new Kept<number | undefined>({ forMs, atMost, now: () => time.now }) };
}

describe('Kept', () => {
  it('asks once in its time, and is told the answer before from then on', async () => {
    const { time, kept } = keptFor(100);
    const { befores, ask } = counter();
    expect(await Promise.all([kept.get('a', ask), kept.get('a', ask)])).toEqual([1, 1]);
    time.now = 99;
    expect(await kept.get('a', ask)).toBe(1);
    time.now = 100;
    expect(await kept.get('a', ask)).toBe(2);
    expect(befores).toEqual([undefined, 1]);
    expect(await kept.get('b', ask)).toBe(3);
  });

  it('counts the age from when it was asked for, not from when the answer came', async () => {
    const { time, kept } = keptFor(100);
    let answer = (_value: number): void => undefined;
    const slow = kept.get('a', () => new Promise((resolve) => (answer = resolve)));
    time.now = 100;
    answer(1);
    expect(await slow).toBe(1);
    expect(await kept.get('a', async () => 2)).toBe(2);
  });

  it('keeps neither a failure nor nothing', async () => {
    const { kept } = keptFor(100);
    await expect(kept.get('a', async () => Promise.reject(new Error('away')))).rejects.toThrow('away');
    expect(await kept.get('a', async () => undefined)).toBeUndefined();
    expect(await kept.get('a', async () => 3)).toBe(3);
  });

  it('forgets also what is being asked for', async () => {
    const { kept } = keptFor(100);
    let answer = (_value: number): void => undefined;
    const stale = kept.get('a', () => new Promise((resolve) => (answer = resolve)));
    kept.forget();
    answer(1);
    expect(await stale).toBe(1);
    expect(await kept.get('a', async () => 2)).toBe(2);
  });

  it('lets go of what was asked for longest ago', async () => {
    const { kept } = keptFor(100, 2);
    const { ask } = counter();
    for (const key of ['a', 'b', 'c']) await kept.get(key, ask);
    expect(await kept.get('b', ask)).toBe(2);
    expect(await kept.get('a', ask)).toBe(4);
  });
});
