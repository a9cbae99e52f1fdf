/** Who may call what, written down apart from the code that decides it. Each route stands here once, under the least role. */
const TABLE = {
  public: `
    GET /healthz
    GET /metrics
    GET /openapi.json
    GET /readyz
    POST /hooks/vtex/{connectorId}/{token}
    POST /hooks/vtex/{connectorId}/{token}/api/notification
    POST /hooks/vtex/{connectorId}/{token}/order-integration/notification/processing-result`,
  viewer: `
    GET /v1/alerts
    GET /v1/connectors
    GET /v1/connectors/{connectorId}
    GET /v1/connectors/{connectorId}/adoption
    GET /v1/connectors/{connectorId}/assignments
    GET /v1/connectors/{connectorId}/catalogue
    GET /v1/connectors/{connectorId}/listings
    GET /v1/connectors/{connectorId}/listings.csv
    GET /v1/connectors/{connectorId}/listings/{sku}
    GET /v1/connectors/{connectorId}/mappings
    GET /v1/connectors/{connectorId}/mappings/export
    GET /v1/connectors/{connectorId}/mappings/{productType}
    GET /v1/connectors/{connectorId}/mappings/{productType}/proposals
    GET /v1/connectors/{connectorId}/mappings/{productType}/versions
    GET /v1/connectors/{connectorId}/onboarding
    GET /v1/connectors/{connectorId}/problems
    GET /v1/connectors/{connectorId}/stock-preview
    GET /v1/connectors/{connectorId}/syncs
    GET /v1/connectors/{connectorId}/test-results
    GET /v1/connectors/{connectorId}/test-results.csv
    GET /v1/connectors/{connectorId}/test-results/comparison
    GET /v1/credentials
    GET /v1/credentials/{credentialId}
    GET /v1/order-watches
    GET /v1/orders
    GET /v1/orders/{sellerId}/{amazonOrderId}
    GET /v1/product-types
    GET /v1/product-types/{productType}/fields
    GET /v1/syncs/{syncId}
    GET /v1/syncs/{syncId}/events`,
  operator: `
    DELETE /v1/connectors/{connectorId}/mappings/{productType}
    DELETE /v1/dead-letters/{deadLetterId}
    GET /v1/connectors/{connectorId}/hook
    GET /v1/dead-letters
    GET /v1/alert-deliveries
    POST /v1/alert-deliveries/{deliveryId}/retry
    PATCH /v1/credentials/{credentialId}
    POST /v1/credentials/{credentialId}/rotate
    POST /v1/credentials/{credentialId}/test
    POST /v1/connectors/{connectorId}/activate
    POST /v1/connectors/{connectorId}/listings/{sku}/approve-price
    POST /v1/connectors/{connectorId}/mappings/import
    POST /v1/connectors/{connectorId}/mappings/{productType}/try
    POST /v1/connectors/{connectorId}/pause
    POST /v1/connectors/{connectorId}/requeue
    POST /v1/connectors/{connectorId}/resume
    POST /v1/connectors/{connectorId}/syncs
    POST /v1/dead-letters/{deadLetterId}/retry
    POST /v1/orders/{sellerId}/{amazonOrderId}/release
    POST /v1/orders/{sellerId}/{amazonOrderId}/retry
    POST /v1/syncs/{syncId}/cancel
    POST /v1/syncs/{syncId}/pause
    POST /v1/syncs/{syncId}/resume
    PUT /v1/connectors/{connectorId}/assignments
    PUT /v1/connectors/{connectorId}/catalogue
    PUT /v1/connectors/{connectorId}/mappings/{productType}`,
  admin: `
    GET /v1/audit
    POST /codec/decode
    POST /codec/encode
    POST /v1/credentials
    POST /v1/credentials/{credentialId}/secret
    DELETE /v1/api-keys/{keyId}
    DELETE /v1/connectors/{connectorId}
    DELETE /v1/alert-channels/{channelId}
    GET /v1/alert-channels
    GET /v1/alert-channels/{channelId}
    PATCH /v1/alert-channels/{channelId}
    POST /v1/alert-channels
    POST /v1/alert-channels/{channelId}/test
    GET /v1/api-keys
    PATCH /v1/connectors/{connectorId}
    POST /v1/api-keys
    POST /v1/connectors`,
} as const;

export type Least = keyof typeof TABLE;

/** `GET /v1/connectors` → the least role that may call it. */
export const LEAST_ROLE = new Map<string, Least>(
  (Object.keys(TABLE) as Least[]).flatMap((role) =>
    TABLE[role]
      .trim()
      .split('\n')
      .map((route) => [route.trim(), role] as const)
  )
);
