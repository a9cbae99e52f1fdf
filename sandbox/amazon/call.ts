import type { Request } from 'express';
import type { World } from '../world';

/** An authorised call, within its limits, to marketplaces that exist and that the seller sells in. */
export interface SpApiCall {
  request: Request;
  world: World;
  marketplaceIds: string[];
  /** What its restricted data token shows besides; none for a usual token. */
  dataElements?: string[];
}
