/** Fields whose values people need to tell what a notification was about, and that never hold a secret or a person's data. */
const SHOWN = new Set([
  'notificationversion',
  'notificationtype',
  'payloadversion',
  'eventtime',
  'publishtime',
  'applicationid',
  'subscriptionid',
  'notificationid',
  'notificationlevel',
  'orderchangetype',
  'timeoforderchange',
  'sellerid',
  'marketplaceid',
  'amazonorderid',
  'orderstatus',
  'purchasedate',
  'fulfillmenttype',
  'orderitemid',
  'quantity',
  'sellersku',
  'sku',
  'asin',
  'feedid',
  'feedtype',
  'processingstatus',
  'clientid',
  'clientsecretexpirytime',
  'newclientsecretexpirytime',
  'oldclientsecretexpirytime',
]);

/** Longer values are no ids, times or codes, whatever their field is called. */
const LONGEST = 100;

/** A message as it may be shown: its shape, and of its values those that are known to be harmless. */
export function maskedNotification(body: string): unknown {
  try {
    return masked(JSON.parse(body), '');
  } catch {
    return `${body.length} characters that are not JSON`;
  }
}

function masked(value: unknown, field: string): unknown {
  if (Array.isArray(value)) return value.map((each) => masked(each, field));
  if (value !== null && typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, masked(each, name)]));
  if (value === null || typeof value === 'boolean') return value;
  const text = String(value as string | number);
  return SHOWN.has(field.toLowerCase()) && text.length <= LONGEST ? value : '[masked]';
}
