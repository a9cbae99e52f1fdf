import type { Request } from 'express';
import { AnswerError, plain } from '../answer';
import { pathParameter } from '../query';
import type { World } from '../world';
import type { StoreSku } from './store';

/** An authorised call to an account that is up. */
export interface VtexCall {
  request: Request;
  world: World;
  /** Epoch milliseconds. */
  now: number;
}

/** The SKU that the path names. @throws AnswerError 404 as text */
export function skuOf({ request, world }: VtexCall): StoreSku {
  const sku = world.store.sku(Number(pathParameter(request, 'skuId')));
  if (!sku) throw new AnswerError(plain(404, 'SKU not found'));
  return sku;
}
