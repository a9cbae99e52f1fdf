import { AnswerError, json, plain, type Answer } from '../answer';
import { pathParameter } from '../query';
import { skuOf, type VtexCall } from './call';

/** Currency units; 404 for an SKU without a price. */
export function getPrice(call: VtexCall): Answer {
  const { skuId, price } = pricedSku(call);
  return json(200, {
    itemId: String(skuId),
    listPrice: null,
    costPrice: price,
    markup: 0,
    basePrice: price,
    fixedPrices: [],
  });
}

/** The price under a price table or trade policy, before promotions and taxes. */
export function getComputedPrice(call: VtexCall): Answer {
  const { price } = pricedSku(call);
  return json(200, {
    tradePolicyId: pathParameter(call.request, 'priceTableId'),
    listPrice: price,
    costPrice: price,
    sellingPrice: price,
    priceValidUntil: new Date(call.now + 365 * 24 * 3600 * 1000).toISOString(),
  });
}

export function getFixedPrices(call: VtexCall): Answer {
  pricedSku(call);
  return json(200, []);
}

function pricedSku(call: VtexCall): { skuId: number; price: number } {
  const sku = skuOf(call);
  const price = call.world.store.price(sku);
  if (price === null) throw new AnswerError(plain(404, 'Price not found'));
  return { skuId: sku.skuId, price };
}
