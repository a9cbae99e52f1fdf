import { AnswerError, json, type Answer } from '../answer';
import { bodyText, queryText } from '../query';
import { dockOf } from './inventory';
import type { WarehouseUnits } from './stock-held';
import { WAREHOUSE_ID, type StoreSku } from './store';
import type { VtexCall } from './call';

/** Not documented; enough for a page of offers. */
const MAX_ITEMS = 300;
/** No carrier goes to postal codes that begin so: their answers have no SLA. */
const UNSERVED_POSTAL_CODE = '00000';
const SHIPPING_CENTS = 500;

interface RequestItem {
  id: string;
  quantity: number;
  seller: string;
}

interface Sellable extends RequestItem {
  requestIndex: number;
  sku: StoreSku;
  cents: number;
  stock: number;
  /** Where its units come from; empty when they are not there. */
  from: WarehouseUnits[];
}

/**
 * Price (integer cents) and stock of several SKUs. An SKU that does not exist, is inactive, has no price or is not of the trade
 * policy is missing from `items`; one that only lacks stock is there, `withoutStock`. `itemIndex` in logisticsInfo counts in
 * the answer's `items`, `requestIndex` in the request's.
 */
export function simulate(call: VtexCall): Answer {
  const { items, postalCode, country } = requestOf(call);
  const salesChannel = Number(queryText(call.request, 'sc') ?? 1);
  if (!call.world.settings.salesChannels.some(({ Id }) => Id === salesChannel)) {
    throw badSimulation('CHK0002', `The sales channel ${salesChannel} does not exist`);
  }
  const sellables = items.flatMap((item, requestIndex) => sellable(call, item, requestIndex, salesChannel) ?? []);
  const missing = items.flatMap((item, index) =>
    sellables.some(({ requestIndex }) => requestIndex === index) ? [] : [item.id]
  );
  const isServed = postalCode === undefined || !postalCode.startsWith(UNSERVED_POSTAL_CODE);
  return json(200, {
    items: sellables.map((item) => itemOf(item, isServed, call.now)),
    ratesAndBenefitsData: { rateAndBenefitsIdentifiers: [], teaser: [] },
    paymentData: {
      installmentOptions: [],
      paymentSystems: [],
      payments: [],
      giftCards: [],
      giftCardMessages: [],
      availableAccounts: [],
    },
    selectableGifts: [],
    marketingData: null,
    postalCode: postalCode ?? null,
    country: country ?? null,
    logisticsInfo: sellables.map((item, itemIndex) =>
      logisticsOf(item, itemIndex, postalCode !== undefined && isServed, country)
    ),
    messages: missing.map((id) => ({
      code: 'cannotBeSold',
      text: `The item ${id} is not available`,
      status: 'error',
      fields: { id },
    })),
    purchaseConditions: { itemPurchaseConditions: [] },
    subscriptionData: null,
    totals: [],
    itemMetadata: null,
  });
}

function requestOf({ request }: VtexCall): { items: RequestItem[]; postalCode?: string; country?: string } {
  let body: Record<string, unknown>;
  try {
    body = JSON.parse(bodyText(request)) as Record<string, unknown>;
  } catch {
    throw badSimulation('CHK0001', 'The body must be JSON');
  }
  const { items, postalCode, country } = body;
  if (!Array.isArray(items) || items.length === 0) throw badSimulation('CHK0003', 'items is required');
  if (items.length > MAX_ITEMS) throw badSimulation('CHK0004', `items must not hold more than ${MAX_ITEMS} entries`);
  if (!!postalCode !== !!country) throw badSimulation('CHK0005', 'postalCode and country are only valid together');
  return {
    items: items.map((item: Partial<Record<keyof RequestItem, unknown>>) => parseItem(item)),
    ...(postalCode ? { postalCode: String(postalCode), country: String(country) } : {}),
  };
}

function parseItem(item: Partial<Record<keyof RequestItem, unknown>>): RequestItem {
  const { id, quantity, seller } = item;
  if (typeof id !== 'string' || id === '') throw badSimulation('CHK0006', 'the id of an item must be a text');
  if (!Number.isInteger(quantity) || (quantity as number) < 1)
    throw badSimulation('CHK0007', 'the quantity of an item must be 1 or more');
  if (typeof seller !== 'string' || seller === '') throw badSimulation('CHK0008', 'the seller of an item is required');
  return { id, quantity: quantity as number, seller };
}

function sellable(
  { world }: VtexCall,
  item: RequestItem,
  requestIndex: number,
  salesChannel: number
): Sellable | undefined {
  const sku = world.store.sku(Number(item.id));
  const price = sku ? world.store.price(sku) : null;
  if (!sku || price === null || item.seller !== '1') return undefined;
  if (!sku.active || !sku.product.active || !sku.product.salesChannels.includes(salesChannel)) return undefined;
  return {
    ...item,
    requestIndex,
    sku,
    cents: Math.round(price * 100),
    stock: world.store.available(sku),
    from: fromWhere(world, sku, item.quantity),
  };
}

/** A kit is said to come from the main warehouse: where its components lie is told by their inventory. */
function fromWhere(world: VtexCall['world'], sku: StoreSku, quantity: number): WarehouseUnits[] {
  if (!sku.isKit) return world.store.allocate(sku, quantity) ?? [];
  return [{ skuId: sku.skuId, warehouseId: WAREHOUSE_ID, units: quantity }];
}

function itemOf(item: Sellable, isServed: boolean, now: number): object {
  const isInStock = item.stock >= item.quantity;
  return {
    id: item.id,
    requestIndex: item.requestIndex,
    quantity: isInStock ? item.quantity : item.stock,
    seller: item.seller,
    sellerChain: [item.seller],
    tax: 0,
    priceValidUntil: new Date(now + 365 * 24 * 3600 * 1000).toISOString(),
    price: item.cents,
    listPrice: item.cents,
    rewardValue: 0,
    sellingPrice: item.cents,
    offerings: [],
    priceTags: [],
    measurementUnit: 'un',
    unitMultiplier: 1,
    parentItemIndex: null,
    parentAssemblyBinding: null,
    availability: !isInStock ? 'withoutStock' : isServed ? 'available' : 'cannotBeDelivered',
    priceDefinition: {
      calculatedSellingPrice: item.cents,
      total: item.cents * item.quantity,
      sellingPrices: [{ value: item.cents, quantity: item.quantity }],
    },
  };
}

function logisticsOf(item: Sellable, itemIndex: number, hasSla: boolean, country: string | undefined): object {
  const sla = {
    id: 'Standard',
    name: 'Standard',
    deliveryChannel: 'delivery',
    deliveryIds: item.from.map(({ warehouseId, units }) => ({
      courierId: '1',
      courierName: 'Standard',
      warehouseId,
      dockId: dockOf(warehouseId),
      quantity: units,
      kitItemDetails: [],
    })),
    shippingEstimate: '3bd',
    lockTTL: '10d',
    price: SHIPPING_CENTS,
    listPrice: SHIPPING_CENTS,
    tax: 0,
    availableDeliveryWindows: [],
    deliveryWindow: null,
  };
  return {
    itemIndex,
    addressId: null,
    selectedSla: null,
    selectedDeliveryChannel: null,
    quantity: item.quantity,
    stockBalance: item.stock,
    shipsTo: [country ?? 'USA'],
    slas: hasSla && item.stock >= item.quantity ? [sla] : [],
    deliveryChannels: [{ id: 'delivery', stockBalance: item.stock }],
  };
}

/** Checkout's errors are JSON, unlike those of the catalogue. */
function badSimulation(code: string, message: string): AnswerError {
  return new AnswerError(json(400, { error: { code, message, exception: null } }));
}
