import type { ConnectorConfig, ConnectorState } from '../connector';
import { marketplaceOf } from '../marketplaces';
import type { OrderPolicy } from './order-state';

/** The life to ask for a hold. Source: the example of VTEX's reference; what is granted is in the answer. */
const ASKED_SECONDS = 10 * 24 * 3600;

/** A connector as far as its orders are concerned. */
export interface ConnectorOfOrders {
  state: ConnectorState;
  config: ConnectorConfig;
  /** Null when it never was active; absent of one that was made before orders were handled. */
  activatedAt?: Date | null;
}

/**
 * Whether the connector's orders are watched: those of a VTEX store with a default ZIP code (V8), from activation until removal. A
 * pause stops what is sent to Amazon; what is bought there meanwhile still needs its stock.
 */
export function watchesOrders({ state, config, activatedAt }: ConnectorOfOrders): boolean {
  const isAtWork = state === 'active' || state === 'paused';
  return isAtWork && (activatedAt ?? null) !== null && config.source.type === 'vtex' && hasZipCode(config);
}

/** What the connector wants done with its orders now. Where it does not watch them any more, what is held is let go. */
export function orderPolicyOf(connector: ConnectorOfOrders): OrderPolicy {
  const { source, amazon, orders } = connector.config;
  const isWatching = watchesOrders(connector);
  const country = marketplaceOf(amazon.country)?.alpha3;
  const postalCode = orders.defaultZipCode;
  return {
    affiliateId: source.type === 'vtex' ? source.affiliateId : '',
    reserves: isWatching,
    integrates: isWatching,
    destination: postalCode !== undefined && country !== undefined ? { postalCode, country } : null,
    activatedAt: connector.activatedAt?.getTime() ?? 0,
    askedSeconds: ASKED_SECONDS,
    carriers: orders.carriers ?? {},
  };
}

function hasZipCode({ orders }: ConnectorConfig): boolean {
  return orders.defaultZipCode !== undefined;
}
