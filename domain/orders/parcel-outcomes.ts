import { amazonCarrierOf } from './carriers';
import { isToBeTold, tell } from './order-telling';
import type { StepOutcome, Turn } from './order-state';
import { pauseAfter, PAUSES } from './order-timing';
import { parcelOf, type ConfirmStep } from './parcels';

export function shipmentConfirmed(turn: Turn, { shipment }: ConfirmStep, outcome: StepOutcome): void {
  const { state, now } = turn;
  const parcel = parcelOf(state, shipment);
  if (!parcel) return;
  if (outcome.kind === 'confirmed') {
    // The store may have corrected it meanwhile: then it is said again.
    const { carrierCode, carrierName } = amazonCarrierOf(parcel.carrier ?? undefined, state.policy.carriers);
    const isCarrier = carrierCode === shipment.carrierCode && carrierName === shipment.carrierName;
    if (isCarrier && parcel.trackingNumber === shipment.trackingNumber) parcel.state = 'confirmed';
    Object.assign(parcel, { said: null, tries: 0, failingSince: null, nextAt: now });
    return;
  }
  if (outcome.kind !== 'failed') return;
  if (!outcome.sent) parcel.wasSent = parcel.wasSentBefore;
  parcel.tries += 1;
  const isRefused = outcome.code === 'config' || outcome.code === 'rejected';
  parcel.nextAt = now + pauseAfter(parcel.tries, isRefused ? PAUSES.refused : PAUSES.outage);
  if (isRefused) {
    parcel.state = 'refused';
    parcel.said = outcome.said;
    parcel.failingSince = null;
    return tell(turn, 'shipment_refused', outcome.said);
  }
  parcel.failingSince ??= now;
  if (isToBeTold(outcome, parcel.failingSince, now)) tell(turn, 'shipment_failed', outcome.said);
}
