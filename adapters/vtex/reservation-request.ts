import type { Destination } from '../../domain/orders/order';
import type { LineDelivery } from './deliveries';
import type { WarehouseUnits } from './warehouse-stock';

const NO_TIME = '00:00:00';

/**
 * One entry of `deliveryItemOptions`, with every key that VTEX's reference calls required and in its spellings. Of a hold, only SKU,
 * quantity, warehouse, dock and place matter: times and measures are 0. Prices are decimals in units of the currency.
 */
export function optionOf(
  { sourceId, units, warehouseId }: WarehouseUnits,
  dockId: string,
  { postalCode, country }: Destination,
  delivery: LineDelivery | undefined
): object {
  const sla = delivery?.sla;
  const isOwn = delivery?.sourceId === sourceId;
  return {
    item: {
      id: sourceId,
      quantity: units,
      kitItem: [],
      price: isOwn ? (delivery.price ?? 0) / 100 : 0,
      additionalHandlingTime: NO_TIME,
      dimension: { weight: 0, height: 0, width: 0, length: 0 },
    },
    slaType: sla?.deliveryChannel ?? 'delivery',
    slaTypeName: sla?.name ?? sla?.id ?? 'Delivery',
    listPrice: (sla?.listPrice ?? sla?.price ?? 0) / 100,
    promotionalPrice: (sla?.price ?? 0) / 100,
    transitTime: NO_TIME,
    dockTime: NO_TIME,
    timeToDockPlusDockTime: NO_TIME,
    aditionalTimeBlockedDays: NO_TIME,
    totalTime: NO_TIME,
    deliveryWindows: [],
    wareHouseId: warehouseId,
    dockId,
    location: { zipCode: postalCode, country, inStore: { IsCheckedIn: false, StoreId: null } },
  };
}
