import type { SandboxClock } from '../clock';
import type { Journal } from '../journal';
import type { HeldStock, WarehouseUnits } from './stock-held';

export const RESERVATION = {
  notCommitted: 0,
  authorized: 1,
  confirmed: 2,
  aborted: 3,
  expired: 4,
  canceled: 5,
} as const;
type ReservationStatus = (typeof RESERVATION)[keyof typeof RESERVATION];

/** How a store takes what VTEX does not document. */
export interface ReservationManners {
  /** The longest life that is granted; 10 minutes, as in VTEX's example, which asks for 10 days. */
  seconds: number;
  /** A lockId that is used again: answered with the reservation that has it, or refused. */
  repeatedLock: 'same' | 'refuse';
  /** Cancelling or confirming what has ended: answered as if it were done, or refused (400). */
  ended: 'quiet' | 'refuse';
}

export const USUAL_MANNERS: ReservationManners = { seconds: 600, repeatedLock: 'same', ended: 'quiet' };

export interface Reservation {
  lockId: string;
  salesChannel: string;
  status: ReservationStatus;
  /** Epoch ms, as all moments; null: never. */
  createdAt: number;
  changedAt: number;
  /** Until when it holds its units unless it is confirmed. */
  until: number;
  confirmedAt: number | null;
  canceledAt: number | null;
  isAcknowledged: boolean;
  /** What was asked for, as it is shown again. */
  options: object[];
  units: WarehouseUnits[];
}

interface ReservationBookOptions {
  worldName: string;
  journal: Journal;
  clock: SandboxClock;
  held: HeldStock;
}

/** A store's reservations. One that is not confirmed in time has ended, whenever that is noticed. */
export class ReservationBook {
  private readonly reservations = new Map<string, Reservation>();
  /** When the next one may end. */
  private nextEnd = Infinity;

  constructor(private readonly options: ReservationBookOptions) {}

  get keyPrefix(): string {
    return `reservation/${this.options.worldName}/`;
  }

  /** Puts back what the journal kept. */
  restore(): void {
    for (const [, value] of this.options.journal.entries(this.keyPrefix)) this.remember(value as Reservation);
  }

  /** Holds the units from now on. */
  add(given: Pick<Reservation, 'lockId' | 'salesChannel' | 'options' | 'units'>, seconds: number): Reservation {
    const now = this.options.clock.now();
    const reservation: Reservation = {
      ...given,
      status: RESERVATION.authorized,
      createdAt: now,
      changedAt: now,
      until: now + seconds * 1000,
      confirmedAt: null,
      canceledAt: null,
      isAcknowledged: false,
    };
    this.remember(reservation);
    this.save(reservation);
    return reservation;
  }

  find(lockId: string): Reservation | undefined {
    this.settle();
    return this.reservations.get(lockId);
  }

  all(): Reservation[] {
    this.settle();
    return [...this.reservations.values()];
  }

  confirm(reservation: Reservation): void {
    reservation.confirmedAt = this.options.clock.now();
    this.turn(reservation, RESERVATION.confirmed, reservation.confirmedAt);
  }

  acknowledge(reservation: Reservation): void {
    reservation.isAcknowledged = true;
    this.save(reservation);
  }

  cancel(reservation: Reservation): void {
    this.end(reservation, RESERVATION.canceled, this.options.clock.now());
  }

  /** Ends those whose time is over. */
  settle(): void {
    const now = this.options.clock.now();
    if (now < this.nextEnd) return;
    this.nextEnd = Infinity;
    for (const each of this.reservations.values()) {
      if (each.status !== RESERVATION.authorized) continue;
      if (each.until <= now) this.end(each, RESERVATION.expired, each.until);
      else this.nextEnd = Math.min(this.nextEnd, each.until);
    }
  }

  private end(reservation: Reservation, status: ReservationStatus, at: number): void {
    if (isLive(reservation)) this.options.held.giveBack(reservation.units);
    reservation.canceledAt = at;
    this.turn(reservation, status, at);
  }

  private turn(reservation: Reservation, status: ReservationStatus, at: number): void {
    reservation.status = status;
    reservation.changedAt = at;
    this.save(reservation);
  }

  private remember(reservation: Reservation): void {
    this.reservations.set(reservation.lockId, reservation);
    if (isLive(reservation)) this.options.held.take(reservation.units);
    if (reservation.status === RESERVATION.authorized) this.nextEnd = Math.min(this.nextEnd, reservation.until);
  }

  private save(reservation: Reservation): void {
    this.options.journal.put(`${this.keyPrefix}${reservation.lockId}`, reservation);
  }
}

/** Whether it keeps its units from others. */
export function isLive({ status }: Reservation): boolean {
  return status === RESERVATION.authorized || status === RESERVATION.confirmed;
}
