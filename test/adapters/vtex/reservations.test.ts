import type { HoldRequest, StockReservations } from '../../../domain/ports/reservations';
import { failureOf, never } from '../sandbox-world';
import { StoreWithOrders, type SkuBook } from './orders-under-test';

describe("stock held by a VTEX store's reservations, against the sandbox", () => {
  let store: StoreWithOrders;
  let reservations: StockReservations;
  let plain: string[];

  beforeAll(async () => {
    store = await StoreWithOrders.start();
    plain = (await store.plainSkus()).slice(0, 3);
  });
  afterAll(() => store.world.sandbox.close());
  beforeEach(async () => {
    await store.reset();
    ({ reservations } = store.orders());
    for (const sku of plain) await store.change(sku, { quantity: 10 });
  });

  const request = (lockId: string, lines: HoldRequest['lines'], more: Partial<HoldRequest> = {}): HoldRequest => ({
    lockId,
    lines,
    destination: { postalCode: '98109', country: 'USA' },
    askedSeconds: 86_400,
    ...more,
  });
  const reserve = (lockId: string, units = 2, sku = plain[0]!) =>
    reservations.reserve(request(lockId, [{ sourceId: sku, units }]), never);
  const book = async (sku: string): Promise<SkuBook> => (await store.books()).skus[sku]!;

  it('holds all lines under the name that it was given, until the moment that the store says', async () => {
    const [one, other] = [plain[0]!, plain[1]!];
    const answer = await reservations.reserve(
      request('MZN-1', [
        { sourceId: one, units: 3 },
        { sourceId: other, units: 1 },
      ]),
      never
    );
    const { now } = await store.world.control<{ now: string }>('GET', '/clock');
    const hold = {
      lockId: 'MZN-1',
      state: 'held',
      expiresAt: expect.any(String),
      units: [
        { sourceId: one, units: 3 },
        { sourceId: other, units: 1 },
      ],
    };
    expect(answer).toEqual({ kind: 'held', hold });
    expect(await reservations.find('MZN-1', never)).toEqual(hold);
    // The sandbox grants ten minutes, whatever is asked for.
    const { expiresAt } = (await reservations.find('MZN-1', never))!;
    expect(Date.parse(expiresAt!) - Date.parse(now)).toBeGreaterThan(595_000);
    expect(Date.parse(expiresAt!) - Date.parse(now)).toBeLessThanOrEqual(600_000);
    expect(await book(one)).toMatchObject({ start: 10, held: 3, sold: 0, available: 7 });
  });

  it('asks for a shorter life when the store would grant a longer one', async () => {
    await store.manners({ reservations: { seconds: 86_400 } });
    await reservations.reserve(request('MZN-1', [{ sourceId: plain[0]!, units: 1 }], { askedSeconds: 90_061 }), never);
    await reservations.reserve(request('MZN-2', [{ sourceId: plain[0]!, units: 1 }], { askedSeconds: 3_661 }), never);
    const lives = await Promise.all(['MZN-1', 'MZN-2'].map((lockId) => reservations.find(lockId, never)));
    const seconds = lives.map((hold) => Math.round((Date.parse(hold!.expiresAt!) - Date.now()) / 1000));
    expect(seconds[0]).toBeGreaterThan(86_390);
    expect(seconds[0]).toBeLessThanOrEqual(86_400);
    expect(seconds[1]).toBeGreaterThan(3_650);
    expect(seconds[1]).toBeLessThanOrEqual(3_661);
  });

  it('lets go, and does not mind doing so twice, whichever way the store takes it', async () => {
    await reserve('MZN-1');
    expect(await reservations.release('MZN-1', never)).toBe('released');
    expect(await reservations.release('MZN-1', never)).toBe('released');
    await store.manners({ reservations: { ended: 'refuse' } });
    expect(await reservations.release('MZN-1', never)).toBe('released');
    expect(await reservations.find('MZN-1', never)).toMatchObject({ state: 'canceled' });
    expect(await book(plain[0]!)).toMatchObject({ held: 0, available: 10 });
  });

  it('says of a name that the store does not know that nothing is held', async () => {
    expect(await reservations.find('MZN-nobody', never)).toBeUndefined();
    expect(await reservations.release('MZN-nobody', never)).toBe('absent');
  });

  it('sees that a hold has expired, and lets go of it', async () => {
    await reserve('MZN-1');
    await store.world.control('POST', '/clock', { advanceSeconds: 601 });
    expect(await reservations.find('MZN-1', never)).toMatchObject({ state: 'expired' });
    await store.manners({ reservations: { ended: 'refuse' } });
    expect(await reservations.release('MZN-1', never)).toBe('released');
    expect(await book(plain[0]!)).toMatchObject({ held: 0, available: 10 });
  });

  it('says which lines are short, and holds nothing', async () => {
    const [one, other] = [plain[0]!, plain[1]!];
    await store.change(other, { active: false });
    const answer = await reservations.reserve(
      request('MZN-1', [
        { sourceId: one, units: 11 },
        { sourceId: other, units: 1 },
        { sourceId: plain[2]!, units: 1 },
      ]),
      never
    );
    expect(answer).toEqual({
      kind: 'short',
      missing: [
        { sourceId: one, wanted: 11, available: 10 },
        { sourceId: other, wanted: 1 },
      ],
    });
    expect(await reservations.find('MZN-1', never)).toBeUndefined();
    expect(await book(plain[2]!)).toMatchObject({ held: 0 });
  });

  it('says that nobody delivers there, and holds nothing', async () => {
    const answer = await reservations.reserve(
      request('MZN-1', [{ sourceId: plain[0]!, units: 1 }], { destination: { postalCode: '00000', country: 'USA' } }),
      never
    );
    expect(answer).toEqual({ kind: 'undeliverable', sourceIds: [plain[0]!] });
    expect(await reservations.find('MZN-1', never)).toBeUndefined();
  });

  it('takes units from several warehouses where one has not enough', async () => {
    await store.change(plain[0]!, { quantity: 2, elsewhere: 3 });
    expect(await reserve('MZN-1', 5)).toMatchObject({
      kind: 'held',
      hold: { units: [{ sourceId: plain[0]!, units: 5 }] },
    });
    expect(await book(plain[0]!)).toMatchObject({ start: 5, held: 5, available: 0 });
  });

  it("holds a kit's parts in place of the kit, from where they lie", async () => {
    const kit = await store.kit();
    const [one, other] = [kit.parts[0]!, kit.parts[1]!];
    await store.change(one.sourceId, { quantity: 1, elsewhere: one.units * 2 });
    await store.change(other.sourceId, { quantity: other.units * 2, elsewhere: 0 });
    const answer = await reservations.reserve(
      request('MZN-1', [{ sourceId: kit.sourceId, units: 2, parts: kit.parts }]),
      never
    );
    expect(answer).toMatchObject({
      kind: 'held',
      hold: {
        units: [
          { sourceId: one.sourceId, units: one.units * 2 },
          { sourceId: other.sourceId, units: other.units * 2 },
        ].sort((a, b) => (a.sourceId < b.sourceId ? -1 : 1)),
      },
    });
    expect(await book(one.sourceId)).toMatchObject({ held: one.units * 2, available: 1 });
    expect(await book(other.sourceId)).toMatchObject({ held: other.units * 2, available: 0 });
  });

  it('finds a part short that a line of the same order takes as well', async () => {
    const kit = await store.kit();
    const part = kit.parts[0]!;
    for (const each of kit.parts) await store.change(each.sourceId, { quantity: 50 });
    await store.change(part.sourceId, { quantity: part.units + 1 });
    const answer = await reservations.reserve(
      request('MZN-1', [
        { sourceId: kit.sourceId, units: 1, parts: kit.parts },
        { sourceId: part.sourceId, units: 2 },
      ]),
      never
    );
    expect(answer).toEqual({ kind: 'short', missing: [{ sourceId: part.sourceId, wanted: part.units }] });
    expect(await book(part.sourceId)).toMatchObject({ held: 0 });
  });

  describe.each(['same', 'refuse'] as const)('where a used lockId is answered by "%s"', (repeatedLock) => {
    beforeEach(() => store.manners({ reservations: { repeatedLock } }));

    it('says of a dead one, and of one of another size, that the name is taken', async () => {
      await reserve('MZN-1', 2);
      expect(await reserve('MZN-1', 3)).toEqual({ kind: 'taken' });
      await reservations.release('MZN-1', never);
      expect(await reserve('MZN-1', 2)).toEqual({ kind: 'taken' });
      expect(await book(plain[0]!)).toMatchObject({ held: 0 });
    });

    it('never holds twice under one name', async () => {
      await reserve('MZN-1', 2);
      expect((await reserve('MZN-1', 2)).kind).toBe(repeatedLock === 'same' ? 'held' : 'taken');
      expect(await book(plain[0]!)).toMatchObject({ held: 2 });
    });
  });

  it("takes HTTP 200 with IsSucess false for what it is, in the store's words", async () => {
    await store.world.fault({
      match: { operation: 'vtex.createReservation' },
      kind: 'status',
      status: 200,
      body: { LockId: 'MZN-1', Status: 0, Errors: ['The dock is closed'], IsSucess: false },
    });
    expect(await reserve('MZN-1')).toEqual({ kind: 'refused', said: 'The dock is closed' });
  });

  it('sends a request that got no answer once, and finds the hold that came of it', async () => {
    await store.world.heal();
    await store.world.fault({
      match: { operation: 'vtex.createReservation' },
      kind: 'timeout',
      delayMs: 60_000,
      after: true,
      times: 1,
    });
    const impatient = store.orders({ timeoutMs: 300 }).reservations;
    const failure = await failureOf(impatient.reserve(request('MZN-1', [{ sourceId: plain[0]!, units: 2 }]), never));
    expect(failure).toMatchObject({ code: 'transient' });
    expect(await store.world.calls('vtex.createReservation')).toMatchObject({ count: 1 });
    expect(await reservations.find('MZN-1', never)).toMatchObject({ state: 'held' });
    expect(await book(plain[0]!)).toMatchObject({ held: 2 });
  });

  it('sends a request again that was throttled: it was not carried out', async () => {
    await store.world.heal();
    await store.world.fault({ match: { operation: 'vtex.createReservation' }, kind: 'throttle', times: 1 });
    expect(await reserve('MZN-1')).toMatchObject({ kind: 'held' });
    expect(await store.world.calls('vtex.createReservation')).toMatchObject({ count: 2 });
  });

  it('says that nothing was sent when a look before the request failed', async () => {
    const lines = [{ sourceId: plain[0]!, units: 2 }];
    await store.world.fault({ match: { operation: 'vtex.simulate' }, kind: 'status', status: 500 });
    expect(await failureOf(reservations.reserve(request('MZN-1', lines), never))).toMatchObject({
      code: 'transient',
      facts: { notSent: true },
    });
    await store.world.heal();
    await store.world.fault({ match: { operation: 'vtex.createReservation' }, kind: 'status', status: 500 });
    const failure = await failureOf(reservations.reserve(request('MZN-1', lines), never));
    expect(failure).toMatchObject({ code: 'transient' });
    expect(failure).not.toMatchObject({ facts: { notSent: true } });
    await store.world.heal();
  });

  it('names the missing role', async () => {
    await store.world.fault({ match: { operation: 'vtex.createReservation' }, kind: 'status', status: 403 });
    expect(await failureOf(reserve('MZN-1'))).toMatchObject({
      code: 'auth.forbidden',
      message: expect.stringContaining('Logistics full access'),
    });
  });
});
