import { offer, shirt, useSandbox, type SellerClient } from './sandbox-client';

const sandbox = useSandbox({ rateFactor: 1000, visibleAfterMs: 30 });
let seller: SellerClient;

beforeEach(async () => {
  await sandbox().control('POST', 'reset');
  seller = await sandbox().seller(await sandbox().world('repeats'));
});

const price = (value: number) => ({ op: 'replace', path: '/attributes/purchasable_offer', value: [offer(value)] });

/** Submissions of SKU `R`, and how many of them the books call repeats. */
async function counted(): Promise<{ submissions: number; repeats: number }> {
  const { body } = await sandbox().control<{ amazon: Record<string, Record<string, never>> }>('GET', 'books');
  const { submissions, repeats } = body.amazon[seller.world.amazon.sellerId]?.R ?? { submissions: 0, repeats: 0 };
  return { submissions, repeats };
}

describe('the books count a submission as a repeat', () => {
  it('when it is the one before once more, processed or not', async () => {
    await seller.put('R', shirt());
    await seller.put('R', shirt());
    await new Promise((resolve) => setTimeout(resolve, 60));
    await seller.put('R', shirt());
    expect(await counted()).toEqual({ submissions: 3, repeats: 2 });
  });

  it('when it patches to what is there', async () => {
    await seller.put('R', shirt({ purchasable_offer: [offer(19.9)] }));
    await seller.patch('R', [price(19.9)]);
    expect(await counted()).toEqual({ submissions: 2, repeats: 1 });
  });

  it('but not when it changes something, also back to what was before', async () => {
    await seller.put('R', shirt());
    await seller.patch('R', [price(21)]);
    await seller.put('R', shirt());
    expect(await counted()).toEqual({ submissions: 3, repeats: 0 });
  });

  it('but not when Amazon did not accept it', async () => {
    await seller.put('R', shirt());
    expect((await seller.put('R', { item_name: [] })).body.status).toBe('INVALID');
    expect(await counted()).toEqual({ submissions: 1, repeats: 0 });
  });

  it('but not the first one after a deletion', async () => {
    await seller.put('R', shirt());
    await seller.remove('R');
    await seller.put('R', shirt());
    // Whether the deletion was processed before, and took the counts with it, depends on the moment.
    expect((await counted()).repeats).toBe(0);
  });
});
