import { meaningOf } from './placement-codes';

const RETRIED = 'It is tried again by itself; to have it tried now, press retry.';

/** What can go wrong with an order, apart from the codes of the store's order integration. */
export const PROBLEMS = {
  no_stock: {
    sentence: 'The store has not enough stock to hold for the order.',
    action:
      'Bring stock in, or cancel the order at Amazon. The listing is set to quantity 0. It is tried again by itself.',
  },
  undeliverable: {
    sentence: 'No carrier of the store delivers the order to the ZIP code for which stock is held.',
    action: `Add a carrier for it, or correct the connector's default ZIP code. ${RETRIED}`,
  },
  no_delivery: {
    sentence: 'The store has the units of the order, and no carrier of it delivers them to the address of the order.',
    action: `Add a carrier for it, or cancel the order at Amazon. The stock stays held meanwhile. ${RETRIED}`,
  },
  hold_refused: {
    sentence: 'The store refuses to hold stock for the order.',
    action: `Correct what the message names. ${RETRIED}`,
  },
  hold_failed: {
    sentence: 'Stock for the order could not be held or let go, because the store does not answer as it should.',
    action: `See whether the store is up and its keys are valid. ${RETRIED}`,
  },
  unknown_sku: {
    sentence:
      'The order has SKUs that this connector does not sell. They are not held, and the order cannot be placed in the store.',
    action: `Give the SKU to a product of the catalogue; or enter the order by hand and press release. ${RETRIED}`,
  },
  unreadable: {
    sentence: 'The order could not be read at Amazon, or Amazon leaves out what is needed.',
    action: "See whether the application has the role 'Inventory and Order Tracking'. It is read again by itself.",
  },
  placement_failed: {
    sentence: 'The order could not be placed in the store.',
    action: `See what the message says. The stock stays held as far as the store allows. ${RETRIED}`,
  },
  no_result: {
    sentence: 'The store has taken the order on and has not said what became of it.',
    action:
      "Look at the order in the store's order list. It is asked for, and placed again if the store has none, by itself.",
  },
  cancel_refused: {
    sentence: 'Amazon has cancelled the order, and the store would not take it back.',
    action: 'Stop the parcel and cancel the order in the store by hand.',
  },
  cancel_failed: {
    sentence: 'Amazon has cancelled the order, and it could not be taken back in the store so far.',
    action: `Do not ship it. ${RETRIED}`,
  },
  canceled_in_store: {
    sentence: 'The order was cancelled in the store, and at Amazon it is open.',
    action: 'Cancel it at Amazon too, or ship it from elsewhere and confirm the shipment there.',
  },
  changed_after_placing: {
    sentence: 'Amazon has changed the quantities of the order after it was placed in the store.',
    action: 'Change the order in the store by hand, so that no more is shipped than Amazon says.',
  },
  partly_shipped: {
    sentence: 'A part of the order was shipped before it was placed in the store.',
    action: 'Ship the rest the same way and press release; or press retry to have the rest placed in the store.',
  },
  shipment_refused: {
    sentence: 'Amazon refuses to be told of a parcel of the order.',
    action: `Correct what the message names: the invoice's tracking number in the store, or the connector's carriers; or confirm the shipment at Amazon by hand. ${RETRIED}`,
  },
  shipment_failed: {
    sentence: 'Amazon could not be told of a parcel of the order so far.',
    action: `See whether the application has the role 'Inventory and Order Tracking'. ${RETRIED}`,
  },
  no_tracking: {
    sentence: 'The store has invoiced a parcel a day ago, and it has no tracking number.',
    action: 'Add the tracking number to the invoice in the store; or confirm the shipment at Amazon by hand.',
  },
  strange_parcel: {
    sentence: 'The store has sent a parcel with nothing in it that Amazon waits for.',
    action: 'Compare the invoice with the order, and confirm the shipment at Amazon by hand.',
  },
  shipped_elsewhere: {
    sentence: 'Amazon says that the order has been shipped, and in the store it is not approved.',
    action: "Correct the store's stock by hand, and cancel the order there if it lists it.",
  },
} as const satisfies Record<string, { sentence: string; action: string }>;

export type ProblemCode = keyof typeof PROBLEMS;

/** The sentence and the advice of a problem, or of a code of the store's order integration. */
export function explainProblem(code: string): { sentence: string; action: string } {
  return code in PROBLEMS ? PROBLEMS[code as ProblemCode] : meaningOf(code);
}
