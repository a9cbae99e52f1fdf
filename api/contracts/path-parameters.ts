/** What the path parameters are, for the documentation. An id that is none of ours is simply not found. */
export const PATH_PARAMETERS: Record<string, { description: string; example: string }> = {
  connectorId: { description: 'con_ and 20 hex digits', example: 'con_0123456789abcdef0123' },
  token: { description: "The secret part of the hook's address", example: 'hook_…' },
  syncId: { description: 'syn_ and 20 hex digits', example: 'syn_0123456789abcdef0123' },
  credentialId: { description: 'cred_ and 20 hex digits', example: 'cred_0123456789abcdef0123' },
  deadLetterId: { description: 'dl_ and 20 hex digits', example: 'dl_0123456789abcdef0123' },
  channelId: { description: 'ach_ and 20 hex digits, or ach_operators', example: 'ach_0123456789abcdef0123' },
  deliveryId: { description: 'adl_ and 32 hex digits', example: 'adl_0123456789abcdef0123456789abcdef' },
  keyId: { description: 'key_ and 20 hex digits', example: 'key_0123456789abcdef0123' },
  sellerId: { description: "The seller's id at Amazon", example: 'A1B2C3D4E5F6G7' },
  amazonOrderId: { description: "Amazon's number of the order", example: '701-1234567-7654321' },
  productType: { description: "Amazon's name of the product type", example: 'SHIRT' },
  sku: { description: 'The SKU as it is sold, percent-encoded', example: '13737' },
};
