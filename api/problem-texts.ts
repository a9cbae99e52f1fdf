import { FAILURES, type FailureCode } from '../domain/errors';
import { KIT_NOT_SENT, type BlockReason } from '../domain/listing';

interface Explanation {
  meaning: string;
  action: string;
}

/** What each rule of ours that holds a SKU back means, for people. */
const BLOCKS: Record<BlockReason, Explanation> = {
  kit: { meaning: `${KIT_NOT_SENT}.`, action: 'Set listing.sendKits to true if kits are to be sent.' },
  over_limit: {
    meaning: 'The connector may send only so many SKUs, and the others came first.',
    action: 'Ask an admin to raise listing.skuLimit.',
  },
  inactive: { meaning: 'The SKU is not active in the source.', action: 'Activate it in the source to sell it.' },
  status: {
    meaning: 'The SKU has a status that is not exported.',
    action: 'Change its status in the source, or listing.statuses in the connector.',
  },
  invalid: {
    meaning: 'Something that Amazon requires is missing or has the wrong form.',
    action: 'Correct the item in the catalogue; it is sent when it changes.',
  },
  unmapped: {
    meaning: 'It is not known which product type of Amazon the SKU belongs to.',
    action: 'Give the product type in the catalogue or in the mapping.',
  },
  unreadable: {
    meaning: 'The source lists the SKU but did not give its data.',
    action: 'Look at the SKU in the source; it is read again with the next run.',
  },
  duplicate_sku: {
    meaning: 'Two items of the source have the same SKU.',
    action: 'Give each item a reference of its own.',
  },
  parent: {
    meaning: 'The parent of its variations cannot be sent, and Amazon takes no child without one.',
    action: 'Mend what its parent lacks; the sentence of the SKU says it.',
  },
};

/** Of problems that hold nothing back. */
const REMARKS: Record<string, Explanation> = {
  price_change: {
    meaning: 'The new price is further from the last one than the connector allows.',
    action: 'Approve it, correct it in the source, or raise offer.price.largestChangePercent.',
  },
  drift: {
    meaning: 'Amazon keeps showing another price or quantity than it accepted, however often it is sent.',
    action:
      'Find who else changes it in Seller Central: an automated pricing rule, another tool, a person. It is looked at once a ' +
      'day, and sent again when it changes in the source.',
  },
  not_visible: {
    meaning: 'Amazon accepted the SKU and does not show it, or not for sale.',
    action:
      'Look it up in Seller Central under Inventory, Manage All Inventory, and open its listing issues; see whether its ASIN ' +
      'waits for approval, and whether its brand or category wants a permission (Catalog, Selling Applications). It is looked ' +
      'for once a day.',
  },
};

/** Meaning and remedy of a problem's code: a block reason, a failure code, or one of Amazon's own. */
export function explainProblem(code: string): Explanation {
  if (Object.hasOwn(BLOCKS, code)) return BLOCKS[code as BlockReason];
  if (Object.hasOwn(REMARKS, code)) return REMARKS[code]!;
  const failure = FAILURES[(Object.hasOwn(FAILURES, code) ? code : 'rejected') as FailureCode];
  return { meaning: failure.sentence, action: failure.action };
}
