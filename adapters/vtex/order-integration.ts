import { OutsideError } from '../../domain/errors';
import { NO_DELIVERY } from '../../domain/orders/placement-codes';
import { keptWords } from '../../domain/orders/placement-words';
import type { OrderIntegration, PlacementAnswer, StoreOrder, StoreParcel } from '../../domain/ports/order-integration';
import type { OrderRecipient } from '../../domain/ports/orders';
import { unsent } from '../../domain/unsent';
import { withoutSecrets } from '../http/redact';
import type { VtexCall, VtexClient } from './client';
import { simulateDelivery, type LineDelivery } from './deliveries';
import { newOrderBody, withoutPersonal, type Connector } from './order-request';
import { integrationAnswer, storeOrder, type WireStoreOrder } from './order-wire';

const INTEGRATION = '/api/order-integration/orders';
const STORE_ORDERS = '/api/oms/pvt/orders';

const TAKEN_ON = 'SOI003';
const NO_STOCK = 'EOI002';
const INVALID = 'EOI005';

/** Statuses of an order whose payment is approved. Source: VTEX's order flow. */
const APPROVED = [
  'payment-approved',
  'approve-payment',
  'window-to-cancel',
  'ready-for-handling',
  'start-handling',
  'handling',
  'waiting-for-fulfillment',
  'release-to-fulfillment',
  'invoice',
  'shipping',
];

interface Channel {
  account: string;
  /** The trade policy, as text. */
  salesChannel: string;
  affiliateId: string;
  connector: Connector;
}

/** VTEX's order integration (place, approve) and its order management (find, cancel). */
export function createOrderIntegration(client: VtexClient, channel: Channel): OrderIntegration {
  const { account, affiliateId, connector } = channel;

  const call = (operation: string, method: VtexCall['method'], path: string, body?: unknown): VtexCall => ({
    operation,
    needs: 'orders',
    method,
    host: 'store',
    path,
    body,
  });

  /**
   * What cannot be taken on comes with HTTP 400 and the same contract: then the client's error holds the store's words. They are handed on
   * only where it is known whom the order is for, so that this can be taken out of them.
   */
  async function send(
    request: VtexCall,
    recipient: OrderRecipient | undefined,
    signal: AbortSignal
  ): Promise<PlacementAnswer> {
    const fit = (text: string, kept: string): string =>
      recipient ? withoutSecrets(withoutPersonal(text, recipient), [connector.endpoint]) : kept;
    try {
      const { code, success, message, errors } = await client.read(request, integrationAnswer, signal);
      if (code === TAKEN_ON || (success && code.startsWith('SOI'))) return { kind: 'accepted' };
      const said = [message, ...(errors ?? []).map((error) => error.description)].filter(Boolean).join(' ');
      return { kind: 'refused', code, said: fit(said, keptWords(code, said)) };
    } catch (error) {
      if (!(error instanceof OutsideError)) throw error;
      const { message, facts } = error;
      if (error.code !== 'config' || ![400, 422].includes(facts.status ?? 0))
        throw new OutsideError(error.code, fit(message, withoutWords(error)), facts);
      const code = /\bEOI\d{3}\b/.exec(message)?.[0] ?? INVALID;
      return { kind: 'refused', code, said: fit(message, keptWords(code, message)) };
    }
  }

  const read = (storeOrderId: string, signal: AbortSignal): Promise<WireStoreOrder | undefined> =>
    client.find(call('read order', 'GET', `${STORE_ORDERS}/${encodeURIComponent(storeOrderId)}`), storeOrder, signal);

  return {
    /** The simulation first: an order needs a delivery that the store has. */
    async place(order, signal) {
      const deliveries = await unsent(simulateDelivery(client, channel, order.lines, order.recipient, signal));
      const missing = deliveries.filter(({ isThere }) => !isThere);
      if (missing.length > 0)
        return { kind: 'refused', code: NO_STOCK, said: `The store has not enough of SKU ${idsOf(missing)}.` };
      const undelivered = deliveries.filter(({ sla }) => !sla);
      if (undelivered.length > 0)
        return { kind: 'refused', code: NO_DELIVERY, said: `Nobody delivers SKU ${idsOf(undelivered)} there.` };
      const query = new URLSearchParams({ an: account, affiliateId }).toString();
      const body = newOrderBody(order, deliveries, connector);
      const request = { ...call('place order', 'POST', `${INTEGRATION}?${query}`, body), isOnce: true as const };
      return send(request, order.recipient, signal);
    },

    approve(marketplaceOrderId, signal) {
      const body = {
        marketplaceOrderId,
        marketplaceOrderStatus: 'approved',
        connectorName: connector.name,
        connectorEndpoint: connector.endpoint,
      };
      const query = new URLSearchParams({ an: account }).toString();
      return send(call('approve order', 'PUT', `${INTEGRATION}/status?${query}`, body), undefined, signal);
    },

    async find(marketplaceOrderId, signal) {
      const found = await read(`${affiliateId}-${marketplaceOrderId}`, signal);
      return found && storeOrderOf(found);
    },

    /** What becomes of a second cancellation is not documented: when one is refused, the order says how it stands. */
    async cancel(storeOrderId, reason, signal) {
      try {
        const path = `${STORE_ORDERS}/${encodeURIComponent(storeOrderId)}/cancel`;
        await client.write(call('cancel order', 'POST', path, { reason }), signal);
        return { kind: 'canceled' };
      } catch (error) {
        if (!(error instanceof OutsideError) || error.code !== 'config' || error.facts.status === 404) throw error;
        const found = await read(storeOrderId, signal);
        if (found && storeOrderOf(found).state === 'canceled') return { kind: 'canceled' };
        return { kind: 'refused', said: error.message };
      }
    },
  };
}

/** What the client says of an error, without what the store said. */
function withoutWords({ message, facts }: OutsideError): string {
  const own = `The store answered '${facts.operation}' with ${facts.status}.`;
  return message.startsWith(own) ? own : message;
}

function idsOf(deliveries: readonly LineDelivery[]): string {
  return deliveries.map(({ sourceId }) => sourceId).join(', ');
}

function storeOrderOf(found: WireStoreOrder): StoreOrder {
  const packages = found.packageAttachment?.packages ?? [];
  return {
    storeOrderId: found.orderId,
    state: stateOf(found, packages.length > 0),
    parcels: packages.flatMap((each) => parcelOf(each, found) ?? []),
  };
}

/** A status that we do not know is judged by whether the payment was authorised. */
function stateOf({ status, authorizedDate }: WireStoreOrder, isInvoiced: boolean): StoreOrder['state'] {
  if (status === 'canceled' || status === 'cancel') return 'canceled';
  if (status === 'invoiced' || isInvoiced) return 'invoiced';
  return APPROVED.includes(status) || authorizedDate ? 'approved' : 'created';
}

type WirePackage = NonNullable<NonNullable<WireStoreOrder['packageAttachment']>['packages']>[number];

/** VTEX's word for the invoice of what has come back. */
const RETURN = 'Input';

/** Nothing for a return. */
function parcelOf(sent: WirePackage, { items = [] }: WireStoreOrder): StoreParcel | undefined {
  const { invoiceNumber, trackingNumber, courier, issuanceDate, type } = sent;
  const at = Date.parse(issuanceDate ?? '');
  if (type === RETURN || !invoiceNumber || Number.isNaN(at)) return undefined;
  return {
    invoiceNumber,
    ...(trackingNumber?.trim() && { trackingNumber: trackingNumber.trim() }),
    ...(courier?.trim() && { carrier: courier.trim() }),
    shippedAt: new Date(at).toISOString(),
    units: (sent.items ?? []).flatMap(({ itemIndex, quantity }) => {
      const item = items?.[itemIndex];
      return item ? [{ sourceId: item.id, units: quantity }] : [];
    }),
  };
}
