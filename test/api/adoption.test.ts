import { ApiUnderTest } from './api-under-test';
import { listing, putListings } from './samples';

describe('GET …/adoption', () => {
  let api: ApiUnderTest;
  beforeAll(async () => {
    api = await ApiUnderTest.start();
  });
  afterAll(async () => {
    await api.stop();
  });

  const at = new Date('2026-02-01T00:00:00.000Z');
  const wanted = {
    productType: 'SHIRT',
    requirements: 'LISTING' as const,
    details: { item_name: [{ value: 'Our shirt', language_tag: 'en_US' }] },
    price: { purchasable_offer: [{ our_price: [{ schedule: [{ value_with_tax: 20.5 }] }] }] },
    quantity: { fulfillment_availability: [{ fulfillment_channel_code: 'DEFAULT', quantity: 7 }] },
  };
  const adopted = {
    at,
    asin: 'B01',
    status: ['BUYABLE'],
    quantity: 7,
    price: '31.00',
    title: 'Theirs',
    productType: 'SHIRT',
  };

  it('shows what was there, what is to be there, and where the two differ', async () => {
    const id = await api.connector();
    await putListings(api.connection, [
      listing(id, 'a', { state: 'pending', matchedAt: at, adopted, wanted, sentHashes: null }),
      listing(id, 'b', { matchedAt: at }),
      listing(id, 'c', {
        matchedAt: at,
        adopted: { ...adopted, price: '20.50' },
        wanted: { ...wanted, price: undefined },
      }),
      listing(id, 'd'),
    ]);
    const { status, body } = await api.get(`/v1/connectors/${id}/adoption`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ asked: 3, found: 2, nextCursor: null });
    expect(body.items).toEqual([
      {
        sku: 'a',
        state: 'pending',
        isSent: false,
        atAmazon: {
          at: at.toISOString(),
          asin: 'B01',
          status: ['BUYABLE'],
          title: 'Theirs',
          productType: 'SHIRT',
          quantity: 7,
          price: '31.00',
        },
        wanted: { title: 'Our shirt', productType: 'SHIRT', quantity: 7, price: '20.5' },
        differences: ['title', 'price'],
      },
      expect.objectContaining({ sku: 'c', isSent: true, differences: ['title'] }),
    ]);
    const first = await api.get(`/v1/connectors/${id}/adoption?limit=1`);
    const second = await api.get(`/v1/connectors/${id}/adoption?limit=1&cursor=${first.body.nextCursor}`);
    expect([first.body.items[0]?.sku, second.body.items[0]?.sku, second.body.nextCursor]).toEqual(['a', 'c', null]);
  });

  it('says nothing of a connector whose SKUs Amazon was never asked for, and nothing of others', async () => {
    const id = await api.connector();
    expect((await api.get(`/v1/connectors/${id}/adoption`)).body).toEqual({
      asked: 0,
      found: 0,
      items: [],
      nextCursor: null,
    });
    expect((await api.get('/v1/connectors/con_00000000000000000000/adoption')).status).toBe(404);
  });
});
