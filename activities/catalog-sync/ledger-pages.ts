import type { ListingDocument } from '../../models/listings';

/** What waits on one page of the ledger. */
export interface LedgerPage {
  number: number;
  entries: readonly ListingDocument[];
}

/** Ledger pages up to the last one, or until they hold so many SKUs; each is read while the one before it is handled. */
export async function* pagesAhead<Page extends LedgerPage>(
  { from, to, most = Infinity }: { from: number; to: number; most?: number },
  read: (page: number) => Promise<Page>
): AsyncGenerator<Page> {
  let next = from <= to ? read(from) : undefined;
  let seen = 0;
  try {
    while (next) {
      const page: Page = await next;
      seen += page.entries.length;
      next = page.number < to && seen < most ? read(page.number + 1) : undefined;
      // Its failure is thrown where it is awaited, if it ever is.
      next?.catch(() => undefined);
      yield page;
    }
  } finally {
    // Nothing of a step is at work any more when it ends.
    await next?.catch(() => undefined);
  }
}
