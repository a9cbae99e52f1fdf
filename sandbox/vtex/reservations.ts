import { randomUUID } from 'node:crypto';
import { json, plain, type Answer } from '../answer';
import { bodyObject, pathParameter } from '../query';
import type { World } from '../world';
import type { VtexCall } from './call';
import { missingKeys } from './json-shape';
import { isLive, RESERVATION, USUAL_MANNERS, type Reservation, type ReservationManners } from './reservations-book';
import type { StoreSku } from './store';
import type { WarehouseUnits } from './stock-held';

const KEYS = ['salesChannel', 'lockId', 'autorizationExpirationTTL', 'deliveryItemOptions'];
const OPTION_KEYS = [
  'item.id',
  'item.quantity',
  'item.kitItem',
  'item.price',
  'item.additionalHandlingTime',
  'item.dimension.weight',
  'item.dimension.height',
  'item.dimension.width',
  'item.dimension.length',
  'slaType',
  'slaTypeName',
  'listPrice',
  'promotionalPrice',
  'transitTime',
  'dockTime',
  'timeToDockPlusDockTime',
  'aditionalTimeBlockedDays',
  'totalTime',
  'deliveryWindows',
  'wareHouseId',
  'dockId',
  'location.zipCode',
  'location.country',
  'location.inStore.IsCheckedIn',
  'location.inStore.StoreId',
];
const NEVER = '0001-01-01T00:00:00+00:00';

interface Option {
  item: { id: string; quantity: number; kitItem: string[] };
  wareHouseId: string;
}

/**
 * Holds units, all or none. Every key that the reference calls required is, with the reference's own spellings. What cannot be
 * held is HTTP 200 with `IsSucess: false`.
 */
export function createReservation({ request, world }: VtexCall): Answer {
  const body = bodyObject(request);
  if (!body) return plain(400, 'The body must be a JSON object');
  const options = Array.isArray(body.deliveryItemOptions) ? (body.deliveryItemOptions as object[]) : [];
  const missing = [...missingKeys(body, KEYS), ...options.flatMap((option) => missingKeys(option, OPTION_KEYS))];
  if (missing.length > 0) return plain(400, `The field ${missing[0]} is required`);
  if (options.length === 0) return plain(400, 'The field deliveryItemOptions must not be empty');
  const asked = secondsOf(body.autorizationExpirationTTL);
  if (asked === undefined) return plain(400, 'The field autorizationExpirationTTL must be DD.HH:MM:SS');
  const lockId = typeof body.lockId === 'string' && body.lockId !== '' ? body.lockId : randomUUID();
  const manners = mannersOf(world);
  const known = world.reservations.find(lockId);
  if (known && manners.repeatedLock === 'same') return json(200, view(known));
  if (known) return refused(lockId, body, `A reservation with the lockId ${lockId} already exists`);
  const salesChannel = String(body.salesChannel);
  const wanted = unitsOf(world, options as Option[]);
  if (typeof wanted === 'string') return refused(lockId, body, wanted);
  const seconds = Math.min(asked, manners.seconds);
  return json(200, view(world.reservations.add({ lockId, salesChannel, options, units: wanted }, seconds)));
}

export function getReservation(call: VtexCall): Answer {
  const reservation = reservationOf(call);
  return reservation ? json(200, view(reservation)) : plain(404, 'Reservation not found');
}

/** Nothing but the status says what it did, as for the two others. */
export function confirmReservation(call: VtexCall): Answer {
  return turn(call, (reservation) => reservation.status === RESERVATION.authorized, 'confirm');
}

export function acknowledgeReservation(call: VtexCall): Answer {
  return turn(call, (reservation) => reservation.status === RESERVATION.confirmed, 'acknowledge');
}

export function cancelReservation(call: VtexCall): Answer {
  return turn(call, isLive, 'cancel');
}

function turn(
  call: VtexCall,
  isOpen: (reservation: Reservation) => boolean,
  verb: 'confirm' | 'acknowledge' | 'cancel'
): Answer {
  const reservation = reservationOf(call);
  if (!reservation) return plain(404, 'Reservation not found');
  if (isOpen(reservation)) call.world.reservations[verb](reservation);
  else if (mannersOf(call.world).ended === 'refuse') return plain(400, `The reservation can not be changed (${verb})`);
  return { status: 200 };
}

function reservationOf({ request, world }: VtexCall): Reservation | undefined {
  return world.reservations.find(pathParameter(request, 'reservationId'));
}

function mannersOf({ settings }: World): ReservationManners {
  return { ...USUAL_MANNERS, ...settings.reservations };
}

/** What is to be taken from which warehouse; a sentence where it is not there. */
function unitsOf(world: World, options: readonly Option[]): WarehouseUnits[] | string {
  const wanted: WarehouseUnits[] = [];
  for (const { item, wareHouseId } of options) {
    const sku = world.store.sku(Number(item.id));
    if (!sku) return `The item ${item.id} does not exist`;
    if (!Number.isInteger(item.quantity) || item.quantity < 1)
      return `The quantity of the item ${item.id} is not valid`;
    const parts = partsOf(world, sku, item);
    if (typeof parts === 'string') return parts;
    for (const { part, units } of parts) {
      const other = wanted.find((each) => each.skuId === part.skuId && each.warehouseId === wareHouseId);
      if (other) other.units += units;
      else wanted.push({ skuId: part.skuId, warehouseId: wareHouseId, units });
    }
  }
  const short = wanted.find(({ skuId, warehouseId, units }) => {
    const sku = world.store.sku(skuId);
    return !sku || world.store.free(sku, warehouseId) < units;
  });
  return short ? `There is no stock for the item ${short.skuId} in the warehouse ${short.warehouseId}` : wanted;
}

/** A kit has no stock: it names its components, and these are held. */
function partsOf(world: World, sku: StoreSku, { quantity, kitItem }: Option['item']) {
  if (!sku.isKit) return [{ part: sku, units: quantity }];
  const parts = sku.kitItems.flatMap(({ refId, quantity: each }) => {
    const part = world.store.find(refId);
    return part ? [{ part, units: each * quantity }] : [];
  });
  const isComplete = Array.isArray(kitItem) && parts.every(({ part }) => kitItem.includes(String(part.skuId)));
  return isComplete ? parts : `The item ${sku.skuId} is a kit: its components are required in kitItem`;
}

/** `DD.HH:MM:SS`, the days may be left out. */
function secondsOf(text: unknown): number | undefined {
  const parts = typeof text === 'string' ? /^(?:(\d+)\.)?(\d\d):(\d\d):(\d\d)$/.exec(text) : null;
  if (!parts) return undefined;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = parts.slice(1).map((part) => Number(part ?? 0));
  return ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
}

function refused(lockId: string, { salesChannel, deliveryItemOptions }: Record<string, unknown>, why: string): Answer {
  return json(200, {
    LastUpdateDateUtc: NEVER,
    SalesChannel: salesChannel,
    LockId: lockId,
    ReservationDateUtc: NEVER,
    MaximumConfirmationDateUtc: NEVER,
    Status: RESERVATION.notCommitted,
    SlaRequest: deliveryItemOptions,
    PickupPointItemOptions: null,
    CanceledDateUtc: NEVER,
    AuthorizedDateUtc: NEVER,
    ConfirmedDateUtc: NEVER,
    Errors: [why],
    IsSucess: false,
  });
}

function view(reservation: Reservation): object {
  return {
    LastUpdateDateUtc: moment(reservation.changedAt),
    SalesChannel: reservation.salesChannel,
    LockId: reservation.lockId,
    ReservationDateUtc: moment(reservation.createdAt),
    MaximumConfirmationDateUtc: moment(reservation.until),
    Status: reservation.status,
    SlaRequest: reservation.options,
    PickupPointItemOptions: null,
    CanceledDateUtc: moment(reservation.canceledAt),
    AuthorizedDateUtc: moment(reservation.createdAt),
    ConfirmedDateUtc: moment(reservation.confirmedAt),
    Errors: [],
    IsSucess: true,
  };
}

/** With seven decimals and an offset, as VTEX writes it. */
function moment(at: number | null): string {
  return at === null ? NEVER : `${new Date(at).toISOString().slice(0, -1)}0000+00:00`;
}
