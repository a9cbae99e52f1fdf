import { keptWords } from '../../../domain/orders/placement-words';

describe('what is kept of the store’s words about an order', () => {
  it.each([
    ['EOI005', "receiverName 'Ana Souza', street Long Rd invalid", 'EOI005: receiverName, street'],
    [
      'EOI005',
      'The field shippingData.selectedAddresses[0].PostalCode is required',
      'EOI005: shippingData, selectedAddresses, postalCode',
    ],
    ['EOI005', 'jo.doe@example.com, +1 555 010 9999 and Ana are not valid', 'EOI005'],
    ['EOI004', '', 'EOI004'],
  ])('is of %s with the words "%s" no more than "%s"', (code, words, kept) => {
    expect(keptWords(code, words)).toBe(kept);
  });
});
