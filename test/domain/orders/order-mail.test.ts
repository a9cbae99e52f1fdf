import { orderMail, type ToldOfOrder } from '../../../domain/orders/order-mail';

const FACTS = {
  sellerId: 'A1B2C3D4E5F6G7',
  amazonOrderId: '701-1234567-7654321',
  connector: 'Luma <US>',
  publicUrl: 'https://ls.example',
};
const TOLD: ToldOfOrder = {
  kind: 'notify',
  problem: 'no_stock',
  message: 'Not enough.',
  said: 'SKU <A&B>',
  action: 'Bring "some" in.',
};

describe('the mail about an order', () => {
  it('says what happened, what to do and where to look, as text', () => {
    expect(orderMail(TOLD, FACTS)).toMatchObject({
      id: 'order:A1B2C3D4E5F6G7:701-1234567-7654321:no_stock:notify',
      subject: '[Longshore] Order 701-1234567-7654321: no_stock',
      text: [
        'Order: 701-1234567-7654321',
        'Connector: Luma <US> (seller A1B2C3D4E5F6G7)',
        'Problem: no_stock',
        'What happened: Not enough.',
        'Said: SKU <A&B>',
        'What to do: Bring "some" in.',
        '',
        'You are told once about this problem of this order, and once more when it is over. State: GET https://ls.example/v1/orders/A1B2C3D4E5F6G7/701-1234567-7654321 · release: POST https://ls.example/v1/orders/A1B2C3D4E5F6G7/701-1234567-7654321/release · retry: POST https://ls.example/v1/orders/A1B2C3D4E5F6G7/701-1234567-7654321/retry',
        '',
      ].join('\n'),
    });
  });

  it('escapes in HTML whatever others wrote', () => {
    const { html } = orderMail(TOLD, FACTS);
    expect(html).toContain('SKU &lt;A&amp;B&gt;');
    expect(html).toContain('Luma &lt;US&gt;');
    expect(html).not.toContain('<A&B>');
  });

  it('about a recovery has an id of its own, and asks for nothing', () => {
    const { id, subject, text } = orderMail({ kind: 'recovered', problem: 'no_stock', message: 'Over.' }, FACTS);
    expect(id).toMatch(/:no_stock:recovered$/);
    expect(subject).toContain('solved');
    expect(text).not.toContain('What to do');
  });
});
