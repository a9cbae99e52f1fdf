import { bucketsOf, RateLimits, type RatedCall } from '../../sandbox/amazon/rate-limits';
import { SandboxClock } from '../../sandbox/clock';
import { describeWithAmazonModels } from './amazon-models';
import { shirt, useSandbox, type ErrorBody, type SellerClient } from './sandbox-client';

const sandbox = useSandbox();
const QUOTA = { code: 'QuotaExceeded', message: 'You exceeded your quota for the requested resource.', details: '' };

/** With time standing still: buckets refill only when a test advances the clock. */
async function freshSeller(): Promise<SellerClient> {
  await sandbox().control('POST', 'reset');
  await sandbox().control('POST', 'clock', { frozen: true });
  return sandbox().seller(await sandbox().world('limits'));
}

/** Statuses of that many calls sent one after the other, faster than any bucket refills. */
async function statusesOf(count: number, call: (index: number) => Promise<{ status: number }>): Promise<number[]> {
  const replies = await Promise.all(Array.from({ length: count }, (_, index) => call(index)));
  return replies.map((reply) => reply.status).sort();
}

describeWithAmazonModels('the rate limits', () => {
  it('let five PUTs through at once and answer 429 to the sixth, without a header to go by', async () => {
    const seller = await freshSeller();
    expect(await statusesOf(6, (index) => seller.put(`R-${index}`, shirt()))).toEqual([200, 200, 200, 200, 200, 429]);
    const reply = await seller.put<ErrorBody>('R-7', shirt());
    expect(reply.status).toBe(429);
    expect(reply.body).toEqual({ errors: [QUOTA] });
    expect(reply.headers.get('x-amzn-ratelimit-limit')).toBeNull();
  });

  it('refill at five a second and no higher than the burst', async () => {
    const seller = await freshSeller();
    await statusesOf(6, (index) => seller.put(`R-${index}`, shirt()));
    await sandbox().control('POST', 'clock', { advanceSeconds: 0.4 });
    expect(await statusesOf(4, (index) => seller.put(`R-${index}`, shirt()))).toEqual([200, 200, 429, 429]);
    await sandbox().control('POST', 'clock', { advanceSeconds: 60 });
    expect(await statusesOf(6, (index) => seller.put(`R-${index}`, shirt()))).toEqual([200, 200, 200, 200, 200, 429]);
  });

  it('show the rate of the plan on 2xx, 400 and 404', async () => {
    const seller = await freshSeller();
    expect((await seller.put('R-1', shirt())).headers.get('x-amzn-ratelimit-limit')).toBe('5.0');
    expect((await seller.item('R-2')).headers.get('x-amzn-ratelimit-limit')).toBe('5.0');
    const participations = await seller.get('/sellers/v1/marketplaceParticipations');
    expect(participations.headers.get('x-amzn-ratelimit-limit')).toBe('0.016');
  });

  it('give each operation and each seller a bucket of their own', async () => {
    const seller = await freshSeller();
    const other = await sandbox().seller(await sandbox().world('limits-other'));
    await statusesOf(6, (index) => seller.put(`R-${index}`, shirt()));
    expect((await seller.item('R-1')).status).toBe(404);
    expect((await other.put('R-1', shirt())).status).toBe(200);
  });

  it('give VALIDATION_PREVIEW a bucket of one a second', async () => {
    const seller = await freshSeller();
    const preview = () => seller.put('R-1', shirt(), { query: '&mode=VALIDATION_PREVIEW' });
    const first = await preview();
    expect(first.headers.get('x-amzn-ratelimit-limit')).toBe('1.0');
    expect((await statusesOf(3, preview)).filter((status) => status === 200)).toHaveLength(1);
    expect((await seller.put('R-1', shirt())).status).toBe(200);
  });

  it('hold sellers calls to fifteen and then one a minute', async () => {
    const seller = await freshSeller();
    const statuses = await statusesOf(16, () => seller.get('/sellers/v1/marketplaceParticipations'));
    expect(statuses.filter((status) => status === 429)).toHaveLength(1);
    await sandbox().control('POST', 'clock', { advanceSeconds: 63 });
    expect((await seller.get('/sellers/v1/marketplaceParticipations')).status).toBe(200);
  });
});

describe('the limits of an application', () => {
  const call = (sellerId: string, attributeName: string): RatedCall => ({
    operation: 'patchListingsItem',
    sellerId,
    clientId: 'app',
    preview: false,
    attributeNames: [attributeName],
  });

  it('hold over all its sellers, relationships first, and say so', () => {
    const clock = new SandboxClock();
    clock.freeze(true);
    const limits = new RateLimits(clock, 1);
    const refused = (attributeName: string) =>
      Array.from(
        { length: 200 },
        (_, index) => limits.take(bucketsOf(call(`seller-${index}`, attributeName)))?.message
      ).filter((message) => message);
    expect(refused('child_parent_sku_relationship')).toEqual(
      Array(195).fill('The frequency of requests was greater than what is allowed for relationships.')
    );
    expect(refused('item_name')).toEqual(
      Array(105).fill('The frequency of requests was greater than what is allowed for product data.')
    );
    expect(refused('fulfillment_availability')).toEqual([]);
  });
});
