import { OutsideError } from '../../domain/errors';
import type {
  HoldAnswer,
  HoldRequest,
  StockHold,
  StockReservations,
  StockUnits,
} from '../../domain/ports/reservations';
import { unsent } from '../../domain/unsent';
import { withoutSecrets } from '../http/redact';
import type { VtexCall, VtexClient } from './client';
import { simulateDelivery, type LineDelivery } from './deliveries';
import { reservation, type WireReservation } from './order-wire';
import { optionOf } from './reservation-request';
import { createWarehouseStock, spread, type WarehouseUnits } from './warehouse-stock';

/** Source: VTEX Logistics API, statuses of a reservation. One that is not committed yet may still come to hold. */
const STATES: Record<number, StockHold['state']> = {
  0: 'held',
  1: 'held',
  2: 'confirmed',
  3: 'canceled',
  4: 'expired',
  5: 'canceled',
};

/** `0001-01-01…` is VTEX's word for never. */
const NEVER = /^0001-/;

interface Channel {
  /** The trade policy, as text. */
  salesChannel: string;
  affiliateId: string;
}

/** Stock held by VTEX's logistics reservations; `lockId` is the reservation's id. */
export function createReservations(client: VtexClient, channel: Channel): StockReservations {
  const warehouseStock = createWarehouseStock(client);
  const call = (operation: string, method: VtexCall['method'], path = '', body?: unknown): VtexCall => ({
    operation,
    needs: 'reservations',
    method,
    host: 'store',
    path: `/api/logistics/pvt/inventory/reservations${path}`,
    body,
  });

  const read = (lockId: string, signal: AbortSignal): Promise<WireReservation | undefined> =>
    client.find(call('read reservation', 'GET', `/${encodeURIComponent(lockId)}`), reservation, signal);

  /** From which warehouse each unit comes, kits as their parts; what cannot be had is told instead. */
  async function plan(
    { lines }: HoldRequest,
    deliveries: readonly LineDelivery[],
    signal: AbortSignal
  ): Promise<{ units: WarehouseUnits[] } | { missing: StockUnits[] }> {
    const plain = deliveries.flatMap((delivery, index) => (lines[index]?.parts ? [] : unitsBySla(delivery)));
    const elsewhere = lines.flatMap(({ sourceId, units, parts }): StockUnits[] => {
      if (parts) return parts.map((part) => ({ sourceId: part.sourceId, units: part.units * units }));
      return plain.some((each) => each.sourceId === sourceId) ? [] : [{ sourceId, units }];
    });
    const units = [...plain];
    const missing: StockUnits[] = [];
    for (const part of summed(elsewhere)) {
      const from = spread(part, await warehouseStock.of(part.sourceId, signal), plain);
      if (from) units.push(...from);
      else missing.push(part);
    }
    return missing.length > 0 ? { missing } : { units };
  }

  async function create(
    request: HoldRequest,
    units: WarehouseUnits[],
    docks: ReadonlyMap<string, string>,
    deliveries: LineDelivery[],
    signal: AbortSignal
  ) {
    const { lockId, askedSeconds, destination } = request;
    const body = {
      salesChannel: channel.salesChannel,
      lockId,
      autorizationExpirationTTL: ttlOf(askedSeconds),
      deliveryItemOptions: units.map((each) => {
        const delivery = deliveries.find(({ sourceId }) => sourceId === each.sourceId) ?? deliveries[0];
        return optionOf(each, docks.get(each.warehouseId) ?? '', destination, delivery);
      }),
    };
    return client.read({ ...call('create reservation', 'POST', '', body), isOnce: true }, reservation, signal);
  }

  /** The simulation names docks; a kit's parts may lie where it names none. */
  async function docksFor(units: readonly WarehouseUnits[], signal: AbortSignal): Promise<Map<string, string>> {
    const docks = new Map(units.flatMap(({ warehouseId, dockId }) => (dockId ? [[warehouseId, dockId]] : [])));
    if (units.every(({ warehouseId }) => docks.has(warehouseId))) return docks;
    return new Map([...(await warehouseStock.docks(signal)), ...docks]);
  }

  /** A second look tells a lockId that is in use from any other refusal: VTEX documents no word for it. */
  async function whyRefused(lockId: string, said: string, signal: AbortSignal): Promise<HoldAnswer> {
    const known = await read(lockId, signal);
    const isTaken = known !== undefined && known.IsSucess !== false && known.Status !== 0;
    return isTaken ? { kind: 'taken' } : { kind: 'refused', said };
  }

  return {
    async reserve(request, signal) {
      const { lines, destination } = request;
      const deliveries = await unsent(simulateDelivery(client, channel, lines, destination, signal));
      const missing = deliveries.filter(({ isThere }) => !isThere);
      if (missing.length > 0)
        return {
          kind: 'short',
          missing: missing.map(({ sourceId, wanted, available }) => ({
            sourceId,
            wanted,
            ...(available !== undefined && { available }),
          })),
        };
      const undelivered = deliveries.filter(({ sla }) => !sla);
      if (undelivered.length > 0)
        return { kind: 'undeliverable', sourceIds: undelivered.map(({ sourceId }) => sourceId) };
      const planned = await unsent(plan(request, deliveries, signal));
      if ('missing' in planned)
        return { kind: 'short', missing: planned.missing.map(({ sourceId, units }) => ({ sourceId, wanted: units })) };
      const docks = await unsent(docksFor(planned.units, signal));

      let answer: WireReservation;
      try {
        answer = await create(request, planned.units, docks, deliveries, signal);
      } catch (error) {
        if (error instanceof OutsideError && error.facts.status === 409) return { kind: 'taken' };
        throw error;
      }
      const { lockId } = request;
      if (answer.IsSucess !== true) return whyRefused(lockId, refusalOf(answer), signal);
      const hold = holdOf(answer, lockId);
      // An older one of that name may be answered in place of a new one.
      const isOwn = hold.units.length === 0 || isSameUnits(hold.units, summed(planned.units));
      return hold.state === 'held' && isOwn ? { kind: 'held', hold } : { kind: 'taken' };
    },

    async find(lockId, signal) {
      const found = await read(lockId, signal);
      return found && holdOf(found, lockId);
    },

    /** What becomes of a second cancellation is not documented: when one is refused, the reservation says how it stands. */
    async release(lockId, signal) {
      try {
        await client.write(call('cancel reservation', 'POST', `/${encodeURIComponent(lockId)}/cancel`), signal);
        return 'released';
      } catch (error) {
        if (!(error instanceof OutsideError) || error.code !== 'config') throw error;
        const found = await read(lockId, signal);
        if (!found) return 'absent';
        const { state } = holdOf(found, lockId);
        if (state === 'canceled' || state === 'expired') return 'released';
        throw error;
      }
    },
  };
}

/** Nothing where the delivery does not say where all of them come from. */
function unitsBySla({ sourceId, wanted, sla }: LineDelivery): WarehouseUnits[] {
  const ids = sla?.deliveryIds ?? [];
  const units = ids.map(({ warehouseId, dockId, quantity }) => ({
    sourceId,
    units: quantity ?? (ids.length === 1 ? wanted : 0),
    warehouseId,
    dockId: dockId ?? undefined,
  }));
  return units.reduce((sum, each) => sum + each.units, 0) === wanted ? units : [];
}

function holdOf(found: WireReservation, askedFor: string): StockHold {
  const state = STATES[found.Status] ?? 'held';
  return {
    lockId: found.LockId ?? askedFor,
    state,
    expiresAt: state === 'confirmed' ? null : momentOf(found.MaximumConfirmationDateUtc),
    units: summed((found.SlaRequest ?? []).map(({ item }) => ({ sourceId: item.id, units: item.quantity }))),
  };
}

function momentOf(text: string | null | undefined): string | null {
  const at = text && !NEVER.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(at) ? null : new Date(at).toISOString();
}

function refusalOf({ Errors }: WireReservation): string {
  const said = (Errors ?? []).flatMap((each) => (each?.trim() ? [each.trim()] : [])).join(' ');
  return withoutSecrets(said) || 'The store refuses the reservation and does not say why.';
}

/** `DD.HH:MM:SS` */
function ttlOf(seconds: number): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const days = Math.floor(seconds / 86_400);
  const rest = Math.trunc(seconds % 86_400);
  return `${two(days)}.${two(Math.floor(rest / 3600))}:${two(Math.floor((rest % 3600) / 60))}:${two(rest % 60)}`;
}

/** One entry a SKU, sorted by `sourceId`. */
function summed(units: readonly StockUnits[]): StockUnits[] {
  const sums = new Map<string, number>();
  for (const each of units) sums.set(each.sourceId, (sums.get(each.sourceId) ?? 0) + each.units);
  return [...sums]
    .map(([sourceId, sum]) => ({ sourceId, units: sum }))
    .sort((one, other) => (one.sourceId < other.sourceId ? -1 : 1));
}

function isSameUnits(one: readonly StockUnits[], other: readonly StockUnits[]): boolean {
  return (
    one.length === other.length &&
    one.every(({ sourceId, units }, index) => other[index]?.sourceId === sourceId && other[index].units === units)
  );
}
