import { together } from '../../activities/together';

/** Rounds that end when they are told to. */
function rounds() {
  const begun: { asked: string[]; end: () => void; fail: (error: Error) => void }[] = [];
  const ask = together<string>(
    (asked) => new Promise((resolve, reject) => begun.push({ asked, end: resolve, fail: reject }))
  );
  return { begun, ask };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('what is done together', () => {
  it('begins at once, and what is asked for meanwhile makes up the next round', async () => {
    const { begun, ask } = rounds();
    const done: string[] = [];
    for (const one of ['a', 'b', 'c']) void ask(one).then(() => done.push(one));
    expect(begun.map(({ asked }) => asked)).toEqual([['a']]);
    begun[0]!.end();
    await settled();
    expect(done).toEqual(['a']);
    expect(begun.map(({ asked }) => asked)).toEqual([['a'], ['b', 'c']]);
    begun[1]!.end();
    await settled();
    expect(done).toEqual(['a', 'b', 'c']);
  });

  it('fails for those of its own round alone, and goes on', async () => {
    const { begun, ask } = rounds();
    const first = ask('a');
    const second = ask('b');
    begun[0]!.fail(new Error('away'));
    await expect(first).rejects.toThrow('away');
    begun[1]!.end();
    await second;
    const third = ask('c');
    await settled();
    begun[2]!.end();
    await third;
  });
});
