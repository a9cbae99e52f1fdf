import fc from 'fast-check';
import {
  activationWorkflowId,
  connectorIdOf,
  listingId,
  onboardingWorkflowId,
  orderKey,
  orderOf,
  orderWatchId,
  orderWorkflowId,
  removalWorkflowId,
  skuOfListingId,
  syncLeaseId,
  syncScheduleId,
  syncWorkflowId,
  testLeaseId,
  watchedAccountOf,
} from '../../domain/ids';

const connectorId = fc.stringMatching(/^con_[0-9a-f]{20}$/);
const syncId = fc.stringMatching(/^syn_[0-9a-f]{20}$/);

test('the connector is read back out of every id that holds it', () => {
  fc.assert(
    fc.property(connectorId, syncId, (connector, sync) => {
      const ids = [
        onboardingWorkflowId(connector),
        activationWorkflowId(connector),
        removalWorkflowId(connector),
        syncScheduleId(connector),
        `${syncScheduleId(connector)}-2026-01-31T10:00:00Z`,
        syncWorkflowId(connector, sync),
        syncLeaseId(connector),
        testLeaseId(connector),
      ];
      expect(ids.map(connectorIdOf)).toEqual(ids.map(() => connector));
      expect(new Set(ids).size).toBe(ids.length);
    })
  );
});

test.each([
  '',
  'con_0123456789abcdef0123',
  'order:A1:1-2-3',
  'onboarding:con_short',
  'x-onboarding:con_0123456789abcdef0123',
])("no connector is read out of '%s'", (id) => {
  expect(connectorIdOf(id)).toBeUndefined();
});

test('a SKU is read back out of its ledger key, colons and all', () => {
  fc.assert(
    fc.property(connectorId, fc.oneof(fc.string(), fc.constant('a:b:c')), (connector, sku) => {
      expect(skuOfListingId(listingId(connector, sku))).toBe(sku);
    })
  );
});

test('an order is read back out of its workflow, and an account out of its watch', () => {
  const order = { sellerId: 'A1B2C3D4E5F6G7', amazonOrderId: '701-1234567-7654321' };
  expect(orderOf(orderWorkflowId(order.sellerId, order.amazonOrderId))).toEqual(order);
  expect(orderKey(order.sellerId, order.amazonOrderId)).toBe('A1B2C3D4E5F6G7:701-1234567-7654321');
  const account = { sellerId: 'A1B2C3D4E5F6G7', region: 'EU' };
  expect(watchedAccountOf(orderWatchId('A1B2C3D4E5F6G7', 'EU'))).toEqual(account);
  for (const id of ['catalog-sync:con_0123456789abcdef0123', 'order-watch:A1B2C3D4E5F6G7:XX', 'order:A1', ''])
    expect([orderOf(id), watchedAccountOf(id)]).toEqual([undefined, undefined]);
});
