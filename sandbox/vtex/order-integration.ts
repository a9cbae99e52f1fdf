import { randomUUID } from 'node:crypto';
import { json, plain, type Answer } from '../answer';
import { bodyObject, pathParameter, queryText } from '../query';
import type { VtexCall } from './call';
import { missingKeys } from './json-shape';
import { resultBody, type IntegrationTask, type StoreOrder } from './order-integration-book';

const ORDER_KEYS = [
  'marketplaceOrderId',
  'marketplaceOrderStatus',
  'marketplacePaymentValue',
  'allowFranchises',
  'items',
  'clientProfileData.email',
  'clientProfileData.firstName',
  'clientProfileData.lastName',
  'clientProfileData.phone',
  'clientProfileData.document',
  'clientProfileData.corporateDocument',
  'clientProfileData.corporatePhone',
  'clientProfileData.corporateName',
  'clientProfileData.tradeName',
  'clientProfileData.stateInscription',
  'shippingData.logisticsInfo',
  'shippingData.selectedAddresses',
  'shippingData.isFob',
  'shippingData.isMarketplaceFulfillment',
  'invoiceData.userPaymentInfo.paymentMethods',
  'connectorName',
  'connectorEndpoint',
];
const ITEM_KEYS = ['id', 'price', 'quantity'];
const LOGISTICS_KEYS = [
  'price',
  'selectedDeliveryChannel',
  'selectedSla',
  'lockTTL',
  'shippingEstimate',
  'deliveryIds',
];
const ADDRESS_KEYS = ['addressType', 'addressId', 'receiverName', 'postalCode', 'country'];
const UPDATE_KEYS = ['marketplaceOrderId', 'marketplaceOrderStatus', 'connectorName', 'connectorEndpoint'];

interface OrderBody {
  marketplaceOrderId: string;
  marketplaceOrderStatus: string;
  marketplacePaymentValue: number;
  priceDivergenceAllowanceRate?: number;
  items: StoreOrder['items'];
  clientProfileData: { email: unknown; firstName: unknown; lastName: unknown };
  shippingData: {
    logisticsInfo: { price: number; selectedSla: unknown; lockTTL: unknown }[];
    selectedAddresses: object[];
  };
  connectorEndpoint: string;
}

/** Takes an order on: what comes of it is told later. Every key that the reference calls required is. */
export function placeOrder({ request, world }: VtexCall): Answer {
  const body = bodyObject(request);
  const affiliateId = queryText(request, 'affiliateId') ?? '';
  const wrong =
    (body && wrongWithOrder(body)) ??
    (world.settings.affiliates[affiliateId] ? undefined : 'affiliateId is not known in the store') ??
    (body ? undefined : 'the body must be a JSON object');
  if (!body || wrong) return answered('PlaceOrder', 'EOI005', wrong ?? '');
  const order = body as unknown as OrderBody;
  const items = order.items.map(({ id, price, quantity }) => ({ id, price, quantity }));
  world.storeOrders.enqueue({
    flow: 'PlaceOrder',
    marketplaceOrderId: order.marketplaceOrderId,
    affiliateId,
    endpoint: order.connectorEndpoint,
    order: {
      value: order.marketplacePaymentValue,
      rate: order.priceDivergenceAllowanceRate ?? 0,
      shipping: order.shippingData.logisticsInfo.reduce((sum, { price }) => sum + price, 0),
      items,
      isApproved: order.marketplaceOrderStatus === 'approved',
    },
  });
  return answered('PlaceOrder', 'SOI003', 'Order successfully enqueued');
}

/** Approves an order: what comes of it is told later. */
export function updateOrderStatus({ request, world }: VtexCall): Answer {
  const body = bodyObject(request);
  if (!body) return answered('ApproveOrder', 'EOI005', 'the body must be a JSON object');
  const [missing] = missingKeys(body, UPDATE_KEYS);
  if (missing) return answered('ApproveOrder', 'EOI005', `${missing} is required`);
  if (body.marketplaceOrderStatus !== 'approved')
    return answered('ApproveOrder', 'EOI005', 'marketplaceOrderStatus must be approved');
  world.storeOrders.enqueue({
    flow: 'ApproveOrder',
    marketplaceOrderId: String(body.marketplaceOrderId),
    affiliateId: '',
    endpoint: String(body.connectorEndpoint),
  });
  return answered('ApproveOrder', 'SOI003', 'Order successfully enqueued');
}

/** The order as the store's order management shows it; of its many fields those that say where it is. */
export function getStoreOrder(call: VtexCall): Answer {
  const order = orderOf(call);
  return order ? json(200, view(order)) : json(404, notFound(call));
}

/** What is invoiced, or written off the stock, can no longer be cancelled. */
export function cancelStoreOrder(call: VtexCall): Answer {
  const order = orderOf(call);
  if (!order) return json(404, notFound(call));
  if (typeof bodyObject(call.request)?.reason !== 'string') return plain(400, 'reason is required');
  if (order.state === 'invoiced' || order.state === 'canceled' || order.isWrittenDown)
    return json(400, { error: { code: 'OMS017', message: `The order cannot be canceled: it is ${order.state}` } });
  call.world.storeOrders.turn(order, 'canceled');
  return json(200, { date: new Date(call.now).toISOString(), orderId: order.orderId, receipt: randomUUID() });
}

function orderOf({ request, world }: VtexCall): StoreOrder | undefined {
  return world.storeOrders.find(pathParameter(request, 'orderId'));
}

function notFound({ request }: VtexCall): object {
  return { error: { code: 'OMS003', message: `Order ${pathParameter(request, 'orderId')} not found` } };
}

/** The first thing that is wrong. It names fields and never their values. */
function wrongWithOrder(body: Record<string, unknown>): string | undefined {
  const [missing] = missingKeys(body, ORDER_KEYS);
  if (missing) return `${missing} is required`;
  const order = body as unknown as OrderBody;
  if (!['new', 'approved'].includes(order.marketplaceOrderStatus))
    return 'marketplaceOrderStatus must be new or approved';
  if (!Number.isInteger(order.marketplacePaymentValue))
    return 'marketplacePaymentValue must be an integer of hundredths';
  if (!order.items.length) return 'items must not be empty';
  const { logisticsInfo, selectedAddresses } = order.shippingData;
  if (logisticsInfo.length !== order.items.length) return 'logisticsInfo must have an entry for each item';
  const [key] = [
    ...order.items.flatMap((item) => missingKeys(item, ITEM_KEYS)),
    ...logisticsInfo.flatMap((info) => missingKeys(info, LOGISTICS_KEYS)),
    ...selectedAddresses.flatMap((address) => missingKeys(address, ADDRESS_KEYS)),
  ];
  if (key) return `${key} is required`;
  if (selectedAddresses.length !== 1) return 'selectedAddresses must hold one address';
  if (
    !order.items.every(({ price, quantity }) => Number.isInteger(price) && Number.isInteger(quantity) && quantity > 0)
  )
    return 'price and quantity must be integers';
  if (!logisticsInfo.every(({ price, lockTTL }) => Number.isInteger(price) && /^\d+b?d$/.test(String(lockTTL))))
    return 'logisticsInfo needs an integer price and a lockTTL in days';
  const { email, firstName, lastName } = order.clientProfileData;
  if (![email, firstName, lastName].every((each) => typeof each === 'string' && each !== ''))
    return 'email, firstName and lastName must not be empty';
  if (!/^https?:\/\//.test(order.connectorEndpoint)) return 'connectorEndpoint must be a URL';
  return undefined;
}

/** HTTP 200 for what is taken on, 400 for what cannot be. */
function answered(flow: IntegrationTask['flow'], code: string, message: string): Answer {
  const body = resultBody(null, { flow, marketplaceOrderId: '', code, message });
  return json(code === 'SOI003' ? 200 : 400, { ...body, marketplaceOrderId: null, operationId: null });
}

function view(order: StoreOrder): object {
  return {
    orderId: order.orderId,
    marketplaceOrderId: order.marketplaceOrderId,
    sellerOrderId: order.orderId,
    origin: 'Fulfillment',
    affiliateId: order.affiliateId,
    status: order.state,
    value: order.value,
    creationDate: new Date(order.createdAt).toISOString(),
    lastChange: new Date(order.changedAt).toISOString(),
    authorizedDate: order.authorizedAt === null ? null : new Date(order.authorizedAt).toISOString(),
    items: order.items.map(({ id, quantity, price }) => ({ id, quantity, price, sellingPrice: price, seller: '1' })),
    packageAttachment: {
      packages: order.packages.map(({ invoiceNumber, courier, trackingNumber, issuedAt, type, items }) => ({
        items: items.map(({ index, quantity }) => ({ itemIndex: index, quantity })),
        courier,
        invoiceNumber,
        invoiceValue: order.value,
        issuanceDate: new Date(issuedAt).toISOString(),
        trackingNumber,
        trackingUrl: null,
        type,
      })),
    },
  };
}
