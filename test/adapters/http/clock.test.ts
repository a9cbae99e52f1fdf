import { withDeadline, withGrace } from '../../../adapters/http/clock';
import { VirtualClock } from '../limiter/virtual-clock';
import { never } from '../sandbox-world';

/** Ends only when its signal aborts, with the signal's reason. */
const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

describe('a deadline', () => {
  it('ends what runs, and says that it was late', async () => {
    const clock = new VirtualClock();
    const run = withDeadline(never, 100, untilAborted, clock);
    await clock.advance(100);
    expect(await run).toEqual({ late: true });
  });

  it('leaves no timer behind what was in time', async () => {
    const clock = new VirtualClock();
    expect(await withDeadline(never, 100, async () => 'done', clock)).toEqual({ late: false, value: 'done' });
    await clock.advance(0);
    expect(clock.timers).toBe(0);
  });

  it('passes the abort of its caller on at once', async () => {
    const stop = new AbortController();
    const run = withDeadline(stop.signal, 100, untilAborted, new VirtualClock());
    stop.abort(new Error('given up'));
    await expect(run).rejects.toThrow('given up');
  });
});

describe('a grace', () => {
  it('lets what runs come to its end after the abort', async () => {
    const clock = new VirtualClock();
    const stop = new AbortController();
    let finish: (value: string) => void = () => undefined;
    const run = withGrace(stop.signal, 100, () => new Promise<string>((resolve) => (finish = resolve)), clock);
    stop.abort(new Error('given up'));
    await clock.advance(99);
    finish('done');
    expect(await run).toBe('done');
    await clock.advance(0);
    expect(clock.timers).toBe(0);
  });

  it('aborts it when the grace is over, with the reason of the signal', async () => {
    const clock = new VirtualClock();
    const stop = new AbortController();
    const run = withGrace(stop.signal, 100, untilAborted, clock);
    let ended = false;
    const end = run.catch((error: unknown) => {
      ended = true;
      return error;
    });
    stop.abort(new Error('given up'));
    await clock.advance(99);
    expect(ended).toBe(false);
    await clock.advance(1);
    expect(await end).toMatchObject({ message: 'given up' });
  });

  it('starts nothing after the abort', async () => {
    const run = jest.fn(async () => 'done');
    await expect(withGrace(AbortSignal.abort(new Error('given up')), 100, run)).rejects.toThrow('given up');
    expect(run).not.toHaveBeenCalled();
  });
});
