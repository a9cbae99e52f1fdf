/** A token bucket's plan. */
export interface Plan {
  /** Requests per second. */
  rate: number;
  /** Requests that a full bucket lets through at once. */
  burst: number;
}

interface DocumentedLimit extends Plan {
  /** The bucket that all sellers of one application share, where Amazon has one. Its burst is not documented. */
  perApplication?: Plan;
}

/**
 * Amazon's default usage plans by operationId: one bucket per seller and application, for some operations a second one per
 * application. Where Amazon's model and its documentation disagree about the burst, the lower one. Source: SP-API usage
 * plans, Listings Items rate limits of 2025-06-25.
 */
export const DOCUMENTED_LIMITS: Readonly<Record<string, DocumentedLimit>> = {
  putListingsItem: { rate: 5, burst: 5, perApplication: { rate: 100, burst: 100 } },
  patchListingsItem: { rate: 5, burst: 5, perApplication: { rate: 500, burst: 500 } },
  getListingsItem: { rate: 5, burst: 5, perApplication: { rate: 100, burst: 100 } },
  searchListingsItems: { rate: 5, burst: 5, perApplication: { rate: 100, burst: 100 } },
  searchDefinitionsProductTypes: { rate: 5, burst: 5 },
  getDefinitionsProductType: { rate: 5, burst: 5 },
  getMarketplaceParticipations: { rate: 0.016, burst: 15 },
  createFeedDocument: { rate: 0.5, burst: 15 },
  // Of JSON_LISTINGS_FEED: five in five minutes, spread; a burst would exceed that in some five minutes.
  createFeed: { rate: 5 / 300, burst: 1 },
  getFeed: { rate: 2, burst: 15 },
  cancelFeed: { rate: 2, burst: 15 },
  getFeedDocument: { rate: 0.0222, burst: 10 },
  // Of Orders 2026-01-01: a search every 178 s. Amazon gives 20 at once besides; without them no hour ever has more than another.
  searchOrders: { rate: 0.0056, burst: 1 },
  getOrder: { rate: 0.5, burst: 30 },
  // Of Orders v0, whose getOrder has a bucket of its own and so another name here.
  getOrders: { rate: 0.0167, burst: 20 },
  getOrderV0: { rate: 0.5, burst: 30 },
  getOrderItems: { rate: 0.5, burst: 30 },
  confirmShipment: { rate: 2, burst: 10 },
  createRestrictedDataToken: { rate: 1, burst: 10 },
};

/** Of `mode=VALIDATION_PREVIEW`, for each operation. Neither burst is documented. Source: SP-API changes of January 2024. */
const PREVIEW_LIMIT: DocumentedLimit = { rate: 1, burst: 1, perApplication: { rate: 20, burst: 20 } };

/** @throws RangeError for an operation that the table does not hold. */
export function documentedLimit(operation: string, isPreview = false): DocumentedLimit {
  const limit = DOCUMENTED_LIMITS[operation];
  if (!limit) throw new RangeError(`No documented limit for the operation '${operation}'`);
  return isPreview ? PREVIEW_LIMIT : limit;
}
