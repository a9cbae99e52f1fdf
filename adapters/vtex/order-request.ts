import { fractionDigits, type Money } from '../../domain/money';
import type { OrderToPlace } from '../../domain/ports/order-integration';
import type { OrderRecipient } from '../../domain/ports/orders';
import type { LineDelivery } from './deliveries';

/** How long the store's own reservation lasts until the order is approved, which is moments later. */
const LOCK_TTL = '5d';
/** VTEX wants one; Amazon's buyers pay Amazon. */
const PAYMENT_METHOD = 'promissoryPaymentGroup';
/** Of a buyer whose name is one word, or whom Amazon does not name. */
const NO_NAME = '-';
/** A domain that can never exist: the store wants an address, and mail to this one goes nowhere. */
const NO_MAIL_DOMAIN = 'amazon.invalid';

/** Where the store calls back, and under which name it knows us. */
export interface Connector {
  name: string;
  /** The store adds `/order-integration/notification/processing-result`. May hold a secret: never logged. */
  endpoint: string;
}

/** The body of a new order, with every key that VTEX's reference calls required. Money in hundredths. */
export function newOrderBody(order: OrderToPlace, deliveries: readonly LineDelivery[], connector: Connector): object {
  const { marketplaceOrderId, lines, total, recipient } = order;
  const ofLines = lines.reduce((sum, { unitPrice, units }) => sum + hundredthsOf(unitPrice) * units, 0);
  const shipping = Math.max(0, hundredthsOf(total) - ofLines);
  return {
    marketplaceOrderId,
    marketplaceOrderStatus: 'new',
    marketplacePaymentValue: hundredthsOf(total),
    connectorName: connector.name,
    connectorEndpoint: connector.endpoint,
    allowFranchises: false,
    items: lines.map(({ sourceId, units, unitPrice }) => ({
      id: sourceId,
      quantity: units,
      price: hundredthsOf(unitPrice),
    })),
    clientProfileData: buyerOf(recipient, marketplaceOrderId),
    shippingData: {
      logisticsInfo: deliveries.map(({ sla }, index) => ({
        price: index === 0 ? shipping : 0,
        selectedDeliveryChannel: 'delivery',
        selectedSla: sla?.id ?? '',
        lockTTL: LOCK_TTL,
        shippingEstimate: sla?.shippingEstimate ?? '',
        deliveryIds: (sla?.deliveryIds ?? []).map(({ warehouseId }) => ({ warehouseId })),
      })),
      selectedAddresses: [addressOf(recipient)],
      isFob: false,
      isMarketplaceFulfillment: false,
    },
    invoiceData: { userPaymentInfo: { paymentMethods: [PAYMENT_METHOD] } },
  };
}

/** What the store says about an order, without anything of the person it is for. */
export function withoutPersonal(text: string, recipient: OrderRecipient): string {
  return personalIn(recipient).reduce((rest, each) => {
    const literal = each.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    return rest.replace(new RegExp(`(?<![\\p{L}\\p{N}])${literal}(?![\\p{L}\\p{N}])`, 'giu'), '[…]');
  }, text);
}

/** Whole texts before their words. */
function personalIn(recipient: OrderRecipient): string[] {
  const { addressLines, country: _country, ...texts } = recipient;
  const whole = [...Object.values(texts), ...addressLines];
  const words = [recipient.buyerName, recipient.name, ...addressLines].flatMap((each) => each?.split(/[\s,]+/) ?? []);
  return [...whole, ...words].filter((each) => each.length > 1);
}

function buyerOf({ buyerName, buyerEmail, name, phone }: OrderRecipient, marketplaceOrderId: string): object {
  const words = (buyerName ?? name ?? '').split(/\s+/).filter(Boolean);
  return {
    email: buyerEmail ?? `${marketplaceOrderId}@${NO_MAIL_DOMAIN}`,
    firstName: words.slice(0, Math.max(1, words.length - 1)).join(' ') || NO_NAME,
    lastName: words.length > 1 ? words.at(-1) : NO_NAME,
    phone: phone ?? '',
    document: '',
    corporateDocument: null,
    corporatePhone: null,
    corporateName: null,
    tradeName: null,
    stateInscription: null,
  };
}

function addressOf(recipient: OrderRecipient): object {
  const [street = '', ...others] = recipient.addressLines;
  return {
    addressType: 'residential',
    addressId: '1',
    receiverName: recipient.name ?? recipient.buyerName ?? NO_NAME,
    postalCode: recipient.postalCode,
    city: recipient.city ?? '',
    state: recipient.stateOrRegion ?? '',
    country: recipient.country,
    street,
    number: '',
    neighborhood: recipient.district ?? '',
    complement: others.join(', '),
  };
}

/** VTEX counts in hundredths whatever the currency. */
function hundredthsOf({ minorUnits, currency }: Money): number {
  return Math.round((minorUnits * 100) / 10 ** fractionDigits(currency));
}
