import { AlertWorld, channel, condition, DAY, HOUR, MINUTE, START } from './alert-world';

const failing = condition();
const other = condition({ key: 'run_failed:con_2', about: 'Luma ES' });
const critical = condition({ key: 'connector_parked:con_1', event: 'connector_parked', severity: 'critical' });
const between = (from: number, to: number) => (at: number) =>
  at >= START + from && at < START + to ? [condition({ since: new Date(START + from) })] : [];

describe('a condition', () => {
  it('is told when it has lasted, once, again after each day, and when it is over', () => {
    const world = new AlertWorld([channel()]);
    world.run(START, START + 3 * DAY, between(0, 2.5 * DAY));
    expect(world.told(HOUR)).toEqual(['0.5 firing', '24.5 reminder', '48.5 reminder', '60.17 recovered']);
  });

  it('that passes before its threshold is not told at all', () => {
    const world = new AlertWorld([channel()]);
    world.run(START, START + DAY, between(0, 18 * MINUTE));
    expect(world.told()).toEqual([]);
  });

  it('is told after the minutes of the channel, where it has its own', () => {
    const world = new AlertWorld([channel({ thresholdMinutes: { run_failed: 120 } })]);
    world.run(START, START + 4 * HOUR, between(0, 3 * HOUR));
    expect(world.told()).toEqual(['120 firing', '190 recovered']);
  });

  it('that is away for some minutes counts as one that lasted', () => {
    const world = new AlertWorld([channel()]);
    world.run(START, START + 6 * HOUR, (at) => ((at - START) % (9 * MINUTE) < 2 * MINUTE ? [failing] : []));
    expect(world.told()).toEqual(['36 firing']);
  });

  it.each([
    [12, 'every 12 minutes'],
    [47, 'every 47 minutes'],
    [180, 'every three hours'],
  ])('that comes and goes (%i) is told five times in a day at most', (minutes) => {
    const world = new AlertWorld([channel({ thresholdMinutes: { run_failed: 0 } })]);
    const isThere = (at: number): boolean => Math.floor((at - START) / (minutes * MINUTE)) % 2 === 0;
    world.run(START, START + 10 * DAY, (at) => (isThere(at) ? [condition({ since: new Date(at) })] : []));
    const firings = world.messages.filter(({ kind }) => kind === 'firing').map(({ at }) => at.getTime());
    for (const from of firings)
      expect(firings.filter((at) => at >= from && at < from + DAY).length).toBeLessThanOrEqual(5);
    expect(firings.length).toBeLessThan(12);
  });

  it('that is back after a day without it is news again, with its first patience', () => {
    const world = new AlertWorld([channel({ thresholdMinutes: { run_failed: 0 } })]);
    const days = (at: number): number => (at - START) / DAY;
    world.run(START, START + 5 * DAY, (at) => (days(at) % 2 < 0.1 ? [condition({ since: new Date(at) })] : []));
    expect(world.messages.map(({ kind }) => kind)).toEqual([
      'firing',
      'recovered',
      'firing',
      'recovered',
      'firing',
      'recovered',
    ]);
  });

  it('that stood through an outage of ten days is one message, and so is its end', () => {
    const world = new AlertWorld([channel()]);
    world.run(START, START + HOUR, () => [failing]);
    world.run(START + 10 * DAY, START + 10 * DAY + HOUR, () => [failing, other]);
    world.run(START + 20 * DAY, START + 20 * DAY + HOUR, () => []);
    expect(world.told(DAY)).toEqual(['0.02 firing', '10 reminder', '10 firing', '20.01 recovered', '20.01 recovered']);
  });

  it('that came and went while nobody looked is not told', () => {
    const world = new AlertWorld([channel()]);
    world.look(START - HOUR, []);
    world.look(START + 10 * DAY, []);
    expect(world.told()).toEqual([]);
  });

  it('goes with others in one message where they are more than five', () => {
    const many = Array.from({ length: 6 }, (_, n) => condition({ key: `run_failed:con_${n}` }));
    const world = new AlertWorld([channel()]);
    world.run(START, START + 2 * HOUR, (at) => (at < START + HOUR ? many : []));
    expect(world.messages.map(({ kind, items }) => [kind, items.length])).toEqual([
      ['summary', 6],
      ['summary', 6],
    ]);
  });
});

describe('a channel', () => {
  it('hears of its events and severities alone', () => {
    const stuck = condition({ key: 'run_stuck:con_1', event: 'run_stuck' });
    const slight = condition({ key: 'problems_rising:con_1', event: 'problems_rising', severity: 'warning' });
    const world = new AlertWorld([
      channel({ id: 'ach_a', events: ['run_stuck'] }),
      channel({ id: 'ach_b', minimumSeverity: 'error' }),
      channel({ id: 'ach_c', isEnabled: false }),
    ]);
    world.run(START, START + 5 * HOUR, () => [failing, stuck, slight], 5 * MINUTE);
    expect(world.messages.map(({ channelId, items }) => [channelId, items[0]!.event])).toEqual([
      ['ach_b', 'run_failed'],
      ['ach_a', 'run_stuck'],
      ['ach_b', 'run_stuck'],
    ]);
  });

  it('that is new hears of what stands, and not of old news', () => {
    const news = condition({ key: 'schema_changed:1', event: 'schema_changed', severity: 'warning' });
    const world = new AlertWorld([channel()]);
    world.run(START, START + HOUR, () => [failing, news]);
    world.channels.push(channel({ id: 'ach_new', createdAt: new Date(START + HOUR) }));
    world.run(START + HOUR, START + 9 * HOUR, (at) => (at < START + 8 * HOUR ? [failing, news] : [failing]));
    expect(world.messages.map(({ channelId, items }) => [channelId, items[0]!.event])).toEqual([
      ['ach_one', 'schema_changed'],
      ['ach_one', 'run_failed'],
      ['ach_new', 'run_failed'],
    ]);
  });

  it('is told of news once, without reminder and end', () => {
    const news = condition({ key: 'schema_changed:1', event: 'schema_changed', severity: 'warning' });
    const world = new AlertWorld([channel()]);
    world.run(START, START + 9 * DAY, (at) => (at < START + 7 * DAY ? [news] : []), 10 * MINUTE);
    expect(world.told()).toEqual(['0 firing']);
  });

  it('of mail is not told what its people are mailed about in another way', () => {
    const mail = (id: string, ...addresses: string[]) => channel({ id, kind: 'email', addresses });
    const world = new AlertWorld([
      mail('ach_all', 'Ops <OPS@example.com>'),
      mail('ach_some', 'ops@example.com', 'cfo@example.com'),
      channel({ id: 'ach_slack' }),
    ]);
    const mailed = condition({ mailedTo: ['ops@example.com'] });
    world.run(START, START + HOUR, () => [mailed]);
    expect(world.messages.map(({ channelId, to }) => [channelId, to])).toEqual([
      ['ach_some', ['cfo@example.com']],
      ['ach_slack', []],
    ]);
  });

  it('is not told of its own dead letters', () => {
    const world = new AlertWorld([channel(), channel({ id: 'ach_two' })]);
    world.look(START, [condition({ key: 'dead_letters:ach_one', event: 'dead_letters' })]);
    expect(world.messages.map(({ channelId }) => channelId)).toEqual(['ach_two']);
  });
});

describe('quiet hours', () => {
  const night = { from: '22:00', to: '07:00' };
  /** 2026-03-02 22:00 in Madrid. */
  const evening = Date.parse('2026-03-02T21:00:00Z');
  const morning = Date.parse('2026-03-03T06:00:00Z');

  it('hold back all but what is critical, and hand it over together, with what has passed meanwhile', () => {
    const madrid = channel({ timeZone: 'Europe/Madrid', quietHours: night });
    const world = new AlertWorld([madrid]);
    const told = condition({ key: 'run_failed:con_told', since: new Date(evening - 2 * HOUR) });
    world.run(evening - HOUR, morning + HOUR, (at) => [
      ...(at < evening + HOUR ? [told] : []),
      ...(at > evening + HOUR && at < evening + 3 * HOUR ? [condition({ since: new Date(evening + HOUR) })] : []),
      ...(at > evening + 2 * HOUR ? [condition({ ...other, since: new Date(evening + 2 * HOUR) })] : []),
      ...(at > evening + 4 * HOUR && at < evening + 5 * HOUR
        ? [condition({ ...critical, since: new Date(evening + 4 * HOUR) })]
        : []),
    ]);
    expect(
      world.messages.map(({ at, kind, items }) => [
        at.toISOString().slice(11, 16),
        kind,
        items.map(({ change, key }) => `${change} ${key}`),
      ])
    ).toEqual(
      [
        ['20:00', 'firing', ['firing run_failed:con_told']],
        ['01:10', 'firing', ['firing connector_parked:con_1']],
        ['02:10', 'recovered', ['recovered connector_parked:con_1']],
        ['06:00', 'summary', ['passed run_failed:con_1', 'firing run_failed:con_2', 'recovered run_failed:con_told']],
      ].map(([at, kind, items]) => [at, kind, expect.arrayContaining(items as string[])])
    );
    expect(world.messages.at(-1)!.items).toHaveLength(3);
  });

  it('do not tell of the end and the beginning of what was back before they ended', () => {
    const world = new AlertWorld([channel({ timeZone: 'Europe/Madrid', quietHours: night })]);
    const isThere = (at: number): boolean => at < evening + HOUR || at > evening + 4 * HOUR;
    world.run(evening - HOUR, morning + HOUR, (at) =>
      isThere(at) ? [condition({ since: new Date(evening - 2 * HOUR) })] : []
    );
    expect(world.messages.map(({ kind }) => kind)).toEqual(['firing']);
  });

  it('let through what becomes critical', () => {
    const world = new AlertWorld([channel({ quietHours: night })]);
    const at = Date.parse('2026-03-02T23:00:00Z');
    world.look(at, [failing]);
    expect(world.messages).toEqual([]);
    world.look(at + HOUR, [{ ...failing, severity: 'critical' }]);
    expect(world.messages.map(({ items }) => items.map(({ change }) => change))).toEqual([['firing']]);
  });

  it('end by the clock on the wall when it is put forward', () => {
    const world = new AlertWorld([channel({ timeZone: 'Europe/Madrid', quietHours: { from: '23:00', to: '02:30' } })]);
    const midnight = Date.parse('2026-03-28T23:00:00Z');
    world.run(midnight, midnight + 5 * HOUR, () => [failing]);
    // 02:00 is 03:00 that night, an hour after midnight and one before.
    expect(world.messages.map(({ at }) => at.toISOString())).toEqual(['2026-03-29T01:00:00.000Z']);
  });
});

describe('the digest', () => {
  const digests = (zone: string, digestHour: number, from: string, days: number) => {
    const world = new AlertWorld([channel({ timeZone: zone, digestHour, thresholdMinutes: { run_failed: 0 } })]);
    const start = Date.parse(from);
    world.run(start, start + days * DAY, () => [], 10 * MINUTE);
    return world.messages.filter(({ kind }) => kind === 'digest').map(({ at }) => at.toISOString().slice(5, 16));
  };

  it('comes at the hour of the clock on the wall, also when that is put forward or back', () => {
    expect(digests('Europe/Madrid', 8, '2026-03-27T12:00:00Z', 3)).toEqual([
      '03-27T12:00',
      '03-28T07:00',
      '03-29T06:00',
      '03-30T06:00',
    ]);
    // There is no 02:xx on that day: it comes as soon as the hour is past.
    expect(digests('Europe/Madrid', 2, '2026-03-28T20:00:00Z', 2)).toEqual([
      '03-28T20:00',
      '03-29T01:00',
      '03-30T00:00',
    ]);
    // 02:xx comes twice on that day.
    expect(digests('Europe/Madrid', 2, '2026-10-24T20:00:00Z', 2)).toEqual([
      '10-24T20:00',
      '10-25T00:00',
      '10-26T01:00',
    ]);
    expect(digests('America/Sao_Paulo', 0, '2026-05-01T12:00:00Z', 2)).toEqual([
      '05-01T12:00',
      '05-02T03:00',
      '05-03T03:00',
    ]);
  });

  it('is one after an outage', () => {
    const world = new AlertWorld([channel({ digestHour: 8 })]);
    world.run(START, START + HOUR, () => []);
    world.run(START + 10 * DAY, START + 11 * DAY, () => [], 10 * MINUTE);
    expect(world.told(DAY)).toEqual(['0 digest: ', '10 digest: ', '10.96 digest: ']);
  });

  it('says what stands and what has passed in the last day, and leaves alone what is told otherwise', () => {
    const world = new AlertWorld([channel({ digestHour: 9 })]);
    world.run(START, START + 25 * HOUR, (at) => [
      ...(at < START + 2 * HOUR ? [failing] : []),
      condition({ ...other, since: new Date(START + HOUR) }),
    ]);
    expect(world.told(HOUR)).toEqual([
      '0 digest: ',
      '0.5 firing',
      '1.5 firing',
      '2.17 recovered',
      '24 digest: reminder run_failed:con_2, recovered run_failed:con_1',
    ]);
  });
});
