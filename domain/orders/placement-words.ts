/** Fields of an order as the store's order integration names them. Source: VTEX's reference of a new order. */
const FIELDS = [
  'marketplaceOrderId',
  'marketplaceOrderStatus',
  'marketplacePaymentValue',
  'connectorName',
  'connectorEndpoint',
  'allowFranchises',
  'items',
  'quantity',
  'price',
  'clientProfileData',
  'email',
  'firstName',
  'lastName',
  'phone',
  'document',
  'corporateDocument',
  'corporatePhone',
  'corporateName',
  'tradeName',
  'stateInscription',
  'shippingData',
  'logisticsInfo',
  'selectedDeliveryChannel',
  'selectedSla',
  'lockTTL',
  'shippingEstimate',
  'deliveryIds',
  'warehouseId',
  'selectedAddresses',
  'addressType',
  'addressId',
  'receiverName',
  'postalCode',
  'city',
  'state',
  'country',
  'street',
  'number',
  'neighborhood',
  'complement',
  'isFob',
  'isMarketplaceFulfillment',
  'invoiceData',
  'userPaymentInfo',
  'paymentMethods',
];

/**
 * What is kept of the store's words about an order where it is not known whom the order is for: its code, and the fields that the
 * words name. The words themselves may repeat the buyer's name and address in any form.
 */
export function keptWords(code: string, words: string): string {
  const named = new Set(words.toLowerCase().match(/[a-z]+/g));
  const fields = FIELDS.filter((field) => named.has(field.toLowerCase()));
  return fields.length > 0 ? `${code}: ${fields.join(', ')}` : code;
}
