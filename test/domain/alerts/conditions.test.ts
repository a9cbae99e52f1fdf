import type { AlertFacts, ConnectorFacts, ProblemLevel, UnreadOrders } from '../../../domain/alerts/alert-facts';
import { conditionsOf } from '../../../domain/alerts/conditions';
import { riseOf, withLevel } from '../../../domain/alerts/problem-levels';

const NOW = new Date('2026-05-01T12:00:00Z');
const ago = (minutes: number): Date => new Date(NOW.getTime() - minutes * 60_000);
const iso = (minutes: number): string => ago(minutes).toISOString();
const DAY = 24 * 60;

function connector(parts: Partial<ConnectorFacts> = {}): ConnectorFacts {
  return {
    id: 'con_1',
    name: 'Luma US',
    state: 'active',
    stateReason: null,
    changedAt: ago(9000),
    activatedAt: ago(9000),
    everyMinutes: 60,
    errorEmail: undefined,
    waitingFor: null,
    ended: [],
    atWork: [],
    lastStartedAt: ago(20),
    levels: [],
    orders: [],
    ...parts,
  };
}

function facts(parts: Partial<AlertFacts> = {}): AlertFacts {
  return {
    connectors: [],
    unreadOrders: [],
    credentials: [],
    schemaChanges: [],
    deadLetters: [],
    deadNotices: null,
    operators: [],
    ...parts,
  };
}

const of = (parts: Partial<ConnectorFacts>, upSince = ago(9000)) =>
  conditionsOf(facts({ connectors: [connector(parts)], operators: ['ops@example.com'] }), NOW, upSince);
const keysOf = (parts: Partial<ConnectorFacts>, upSince?: Date) => of(parts, upSince).map(({ key }) => key);

const run = (outcome: 'completed' | 'failed', endedMinutesAgo: number) => ({
  id: `syn_${endedMinutesAgo}`,
  outcome,
  reason: outcome === 'failed' ? 'VTEX does not answer.' : null,
  startedAt: ago(endedMinutesAgo + 5),
  endedAt: ago(endedMinutesAgo),
});
const atWork = (parts: Partial<ConnectorFacts['atWork'][0]> = {}) => ({
  id: 'syn_1',
  startedAt: ago(300),
  phase: 'publish' as const,
  paused: false,
  waitingFor: null,
  stillSince: ago(5),
  ...parts,
});
const waitingFor = (code: string, field?: string) => ({
  code,
  message: `It waits for ${code}.`,
  ...(field && { field }),
  owner: 'merchant' as const,
  since: iso(40),
});
const order = (stage: 'unheld' | 'failing' | 'attention' | 'reserving', minutes: number, isMailed = true) => ({
  amazonOrderId: `701-${minutes}`,
  stage,
  reason: `It is ${stage}.`,
  since: ago(minutes),
  isMailed,
});

describe('a connector', () => {
  it('that goes well is no matter', () => {
    expect(of({ ended: [run('completed', 30)], atWork: [atWork()] })).toEqual([]);
  });

  it('fails since the first of its syncs that failed in a row', () => {
    const [found] = of({ ended: [run('failed', 10), run('failed', 70), run('completed', 130), run('failed', 190)] });
    expect(found).toMatchObject({
      key: 'run_failed:con_1',
      since: ago(70),
      link: '/v1/syncs/syn_10',
      message: expect.stringContaining('VTEX does not answer.'),
    });
    expect(keysOf({ ended: [run('completed', 10), run('failed', 70)] })).toEqual([]);
    expect(keysOf({ state: 'paused', ended: [run('failed', 10)] })).toEqual([]);
  });

  it.each([
    ['at work', atWork({ stillSince: ago(5) }), []],
    ['without a move', atWork({ stillSince: ago(50) }), ['run_stuck:con_1:syn_1']],
    [
      'that waits for a feed',
      atWork({ stillSince: ago(50), waitingFor: waitingFor('feed') }),
      ['run_stuck:con_1:syn_1'],
    ],
    ['that is paused', atWork({ stillSince: ago(50), paused: true }), []],
    [
      'that waits for a secret',
      atWork({ stillSince: ago(50), waitingFor: waitingFor('auth.secret_expired') }),
      ['connector_parked:con_1'],
    ],
    [
      'that waits for a correction',
      atWork({ stillSince: ago(50), waitingFor: waitingFor('config') }),
      ['connector_parked:con_1'],
    ],
    [
      'that Amazon does not answer',
      atWork({ stillSince: ago(50), waitingFor: waitingFor('transient') }),
      ['outside_away:con_1'],
    ],
    [
      'that waits for its turn',
      atWork({ stillSince: ago(50), waitingFor: waitingFor('throttled') }),
      ['run_stuck:con_1:syn_1'],
    ],
  ])('with a run %s', (_what, work, keys) => {
    expect(keysOf({ atWork: [work] })).toEqual(keys);
  });

  it('that stood still while nothing ran here is given time', () => {
    const still = [atWork({ stillSince: ago(9 * DAY) })];
    expect(keysOf({ atWork: still }, ago(5))).toEqual([]);
    expect(of({ atWork: still }, ago(30))).toMatchObject([{ since: ago(30) }]);
    expect(keysOf({ lastStartedAt: ago(9 * DAY) }, ago(5))).toEqual([]);
  });

  it('is to be started when three of its periods have passed, and an hour', () => {
    expect(keysOf({ lastStartedAt: ago(179) })).toEqual([]);
    expect(of({ lastStartedAt: ago(181) })).toMatchObject([{ key: 'sync_overdue:con_1', since: ago(1) }]);
    expect(keysOf({ lastStartedAt: ago(59), everyMinutes: 5 })).toEqual([]);
    expect(keysOf({ lastStartedAt: ago(61), everyMinutes: 5 })).toEqual(['sync_overdue:con_1']);
    expect(keysOf({ lastStartedAt: ago(400), atWork: [atWork()] })).toEqual([]);
    expect(keysOf({ lastStartedAt: ago(400), state: 'paused' })).toEqual([]);
    expect(keysOf({ lastStartedAt: null, activatedAt: ago(400) })).toEqual(['sync_overdue:con_1']);
  });

  it('is parked when it has failed, or when a change of it waits for somebody', () => {
    expect(of({ state: 'failed', stateReason: 'The store is gone.' })).toMatchObject([
      { key: 'connector_parked:con_1', severity: 'critical', message: 'The store is gone.', since: ago(9000) },
    ]);
    const waits = { waitingFor: waitingFor('auth.access_revoked', 'amazon.refreshToken') };
    expect(of(waits)).toMatchObject([
      { key: 'connector_parked:con_1', since: ago(40), action: expect.stringContaining('amazon.refreshToken') },
    ]);
    // Whoever sets it up sees that by himself.
    expect(keysOf({ ...waits, activatedAt: null })).toEqual([]);
  });
});

describe('orders', () => {
  it('are told together, since the first that is in trouble', () => {
    const found = of({
      orders: [order('unheld', 20), order('failing', 40), order('reserving', 30), order('attention', 50)],
    });
    expect(found).toMatchObject([
      { key: 'hold_in_trouble:con_1', since: ago(30), message: expect.stringContaining('2 orders') },
      { key: 'order_failed:con_1', since: ago(50), link: '/v1/orders?connectorId=con_1&state=attention' },
    ]);
  });

  it('of which nothing comes before a person acts are told for a week', () => {
    expect(keysOf({ orders: [order('attention', 6 * DAY)] })).toEqual(['order_failed:con_1']);
    expect(keysOf({ orders: [order('attention', 8 * DAY)] })).toEqual([]);
  });

  it('that were mailed one by one (V14) are not mailed to the same people again', () => {
    const mailed = (parts: Partial<ConnectorFacts>) => of(parts).map((each) => each.mailedTo);
    expect(mailed({ orders: [order('failing', 40)] })).toEqual([['ops@example.com']]);
    expect(mailed({ orders: [order('failing', 40)], errorEmail: 'orders@example.com' })).toEqual([
      ['orders@example.com'],
    ]);
    expect(mailed({ orders: [order('failing', 40), order('failing', 50, false)] })).toEqual([[]]);
  });
});

describe('orders that cannot be read', () => {
  const unread = (code: UnreadOrders['problem']['code'], minutes: number, names = ['Luma US']): UnreadOrders => ({
    sellerId: 'A2LUMA',
    region: 'NA',
    connectors: names.map((name, n) => ({ id: `con_${n + 1}`, name })),
    problem: { code, said: `Amazon says ${code}.`, since: ago(minutes) },
  });
  const told = (parts: UnreadOrders[], upSince = ago(9000), connectors: ConnectorFacts[] = []) =>
    conditionsOf(facts({ unreadOrders: parts, connectors }), NOW, upSince);

  it.each([
    ['that somebody has to mend', 'auth.forbidden', 'connector_parked', 'critical', 'the role'],
    ['with the configuration', 'config', 'connector_parked', 'critical', 'Correct the field'],
    ['of ours', 'bug', 'connector_parked', 'critical', 'Report it'],
    ['that passes', 'transient', 'outside_away', 'error', 'by itself'],
    ['with a token', 'auth.token_expired', 'outside_away', 'error', 'fetched'],
  ] as const)('for a problem %s', (_what, code, event, severity, action) => {
    expect(told([unread(code, 40)])).toEqual([
      {
        key: `${event}:order-watch:A2LUMA:NA`,
        event,
        severity,
        connectorId: 'con_1',
        about: 'orders of A2LUMA in NA',
        message: `The orders of seller A2LUMA in NA (Luma US) are not read, and no stock is held for new ones. Amazon says ${code}.`,
        action: expect.stringContaining(action) as string,
        link: '/v1/order-watches',
        mailedTo: [],
        since: ago(40),
      },
    ]);
  });

  it('are told once for an account of several connectors, and beside what their runs wait for', () => {
    const several = unread('auth.forbidden', 40, ['US', 'CA', 'MX', 'BR', 'five']);
    const work = atWork({ waitingFor: waitingFor('auth.forbidden') });
    const found = told([several, { ...several, region: 'EU' }], ago(9000), [connector({ atWork: [work] })]);
    expect(found.map(({ key, connectorId }) => [key, connectorId])).toEqual([
      ['connector_parked:con_1', 'con_1'],
      ['connector_parked:order-watch:A2LUMA:NA', null],
      ['connector_parked:order-watch:A2LUMA:EU', null],
    ]);
    expect(found[1]!.message).toContain('(US, CA, MX and 2 more)');
  });

  it('are given time after an outage of our own, and while a new client secret is yet to be accepted', () => {
    expect(told([unread('transient', 9 * DAY)], ago(5))).toMatchObject([{ since: ago(5) }]);
    expect(told([unread('auth.forbidden', 9 * DAY)], ago(5))).toMatchObject([{ since: ago(9 * DAY) }]);
    expect(told([unread('auth.secret_pending', 59)])).toEqual([]);
    expect(told([unread('auth.secret_pending', 60)])).toMatchObject([{ event: 'connector_parked' }]);
  });
});

describe('problems', () => {
  const level = (minutes: number, problems: number, total = 1000): ProblemLevel => ({
    at: ago(minutes),
    problems,
    total,
  });
  it.each([
    ['nothing before', [level(0, 500)], false],
    ['10 more of 1,000', [level(60, 5), level(0, 15)], true],
    ['9 more', [level(60, 5), level(0, 14)], false],
    ['10 more of 2,000', [level(60, 5, 2000), level(0, 15, 2000)], false],
    ['a fifth more', [level(60, 100), level(0, 120)], false],
    ['a quarter more', [level(60, 100), level(0, 125)], true],
    ['more than at the lowest of the day', [level(1200, 5), level(600, 12), level(0, 16)], true],
    ['no more than at the level before the day', [level(1700, 15), level(0, 16)], false],
    ['more than at the level before the day', [level(1700, 5), level(0, 16)], true],
    ['more than the day before yesterday alone', [level(3000, 5), level(1700, 16), level(0, 16)], false],
  ])('with %s: rising is %s', (_what, levels, isRise) => {
    expect(riseOf(levels) !== undefined).toBe(isRise);
  });

  it('are kept for as long as they are compared', () => {
    let levels: ProblemLevel[] = [];
    for (let minutes = 5 * DAY; minutes >= 0; minutes -= 15) levels = withLevel(levels, level(minutes, 1));
    expect(levels.length).toBe(98);
    expect(of({ levels: [level(60, 5), level(0, 50)] })).toMatchObject([
      { key: 'problems_rising:con_1', severity: 'warning' },
    ]);
  });
});

describe('what else people are alerted of', () => {
  const credential = (days: number, connectorIds = ['con_1']) => ({
    id: 'cred_1',
    clientId: 'amzn1.application-oa2-client.x',
    deadlines: [{ of: 'client-secret' as const, dueAt: new Date(NOW.getTime() + days * DAY * 60_000) }],
    connectorIds,
    failedRotation: null as { since: Date; action: string } | null,
  });
  it.each([
    [15, []],
    [14, ['warning']],
    [3, ['error']],
    [-1, ['critical']],
  ])('a credential that lapses in %s days', (days, severities) => {
    const found = conditionsOf(facts({ credentials: [credential(days)], operators: ['ops@example.com'] }), NOW, NOW);
    expect(found.map(({ severity }) => severity)).toEqual(severities);
    for (const each of found)
      expect(each).toMatchObject({ key: 'credential_due:cred_1:client-secret', mailedTo: ['ops@example.com'] });
  });

  it('a credential that nobody uses, is not', () => {
    expect(conditionsOf(facts({ credentials: [credential(-1, [])] }), NOW, NOW)).toEqual([]);
  });

  it('a client secret that could not be changed, for a week, with what is to be done', () => {
    const failed = (minutes: number, connectorIds?: string[]) => ({
      ...credential(100, connectorIds),
      failedRotation: { since: ago(minutes), action: 'Register a queue.' },
    });
    const found = (...args: Parameters<typeof failed>) =>
      conditionsOf(facts({ credentials: [failed(...args)] }), NOW, NOW);
    expect(found(5)).toMatchObject([
      {
        key: 'credential_due:cred_1:rotation',
        event: 'credential_due',
        severity: 'error',
        action: 'Register a queue.',
        link: '/v1/credentials/cred_1',
        mailedTo: [],
        since: ago(5),
      },
    ]);
    expect(found(7 * DAY - 1)).toHaveLength(1);
    expect(found(7 * DAY)).toEqual([]);
    expect(found(5, [])).toEqual([]);
  });

  it('a product type that has changed, once for all its languages, and where there are SKUs of it', () => {
    const change = {
      productType: 'SHIRT',
      marketplaceId: 'ATVPDKIKX0DER',
      version: 'v2',
      at: ago(60),
      touched: 0,
      ofType: 9,
    };
    const changes = [change, { ...change, at: ago(50), touched: 4 }, { ...change, productType: 'HAT', ofType: 0 }];
    expect(conditionsOf(facts({ schemaChanges: changes }), NOW, NOW)).toMatchObject([
      {
        key: 'schema_changed:ATVPDKIKX0DER:SHIRT:v2',
        severity: 'warning',
        since: ago(60),
        message: expect.stringContaining('4 of 9'),
      },
    ]);
    expect(conditionsOf(facts({ schemaChanges: [change] }), NOW, NOW)).toMatchObject([{ severity: 'info' }]);
  });

  it('what could not be delivered, and what could not be handled', () => {
    const found = conditionsOf(
      facts({
        deadLetters: [{ channelId: 'ach_1', channel: 'Slack', count: 3, since: ago(9) }],
        deadNotices: { count: 1, since: ago(5) },
      }),
      NOW,
      NOW
    );
    expect(found.map(({ key, since }) => [key, since])).toEqual([
      ['dead_letters:ach_1', ago(9)],
      ['dead_letters:notifications', ago(5)],
    ]);
  });
});
