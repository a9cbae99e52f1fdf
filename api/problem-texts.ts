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
};

/** Of problems that hold nothing back. */
const REMARKS: Record<string, Explanation> = {
  price_change: {
    meaning: 'The new price is further from the last one than the connector allows.',
    action: 'Correct it in the source, or raise offer.price.largestChangePercent.',
  },
};

/** Meaning and remedy of a problem's code: a block reason, a failure code, or one of Amazon's own. */
export function explainProblem(code: string): Explanation {
  if (Object.hasOwn(BLOCKS, code)) return BLOCKS[code as BlockReason];
  if (Object.hasOwn(REMARKS, code)) return REMARKS[code]!;
  const failure = FAILURES[(Object.hasOwn(FAILURES, code) ? code : 'rejected') as FailureCode];
  return { meaning: failure.sentence, action: failure.action };
}
