import { json, plain, type Answer } from '../answer';
import { pathParameter } from '../query';
import { OTHER_WAREHOUSE_ID, UNLIMITED_FILLER, WAREHOUSE_ID, type StoreSku } from './store';
import { skuOf, type VtexCall } from './call';

interface Warehouse {
  id: string;
  name: string;
  dockId: string;
  dockName: string;
}

const WAREHOUSES: Warehouse[] = [
  { id: WAREHOUSE_ID, name: 'Main warehouse', dockId: '1', dockName: 'Main dock' },
  { id: OTHER_WAREHOUSE_ID, name: 'Other warehouse', dockId: '2', dockName: 'Other dock' },
];

export function dockOf(warehouseId: string): string {
  return WAREHOUSES.find(({ id }) => id === warehouseId)?.dockId ?? '';
}

/**
 * Stock per warehouse; the other one is there for a SKU that has units in it. Unlimited SKUs show a filler in totalQuantity; a
 * kit has no stock of its own.
 */
export function getInventory(call: VtexCall): Answer {
  const sku = skuOf(call);
  return json(200, {
    skuId: String(sku.skuId),
    balance: WAREHOUSES.filter(({ id }) => id === WAREHOUSE_ID || sku.elsewhere > 0).map(({ id, name }) => ({
      warehouseId: id,
      warehouseName: name,
      totalQuantity: totalOf(sku, id),
      reservedQuantity: reservedOf(call, sku, id),
      hasUnlimitedQuantity: sku.unlimited && id === WAREHOUSE_ID,
      timeToRefill: null,
      dateOfSupplyUtc: null,
      leadTime: '1.00:00:00',
    })),
  });
}

export function getWarehouseInventory(call: VtexCall): Answer {
  const sku = skuOf(call);
  const warehouse = WAREHOUSES.find(({ id }) => id === pathParameter(call.request, 'warehouseId'));
  if (!warehouse) return plain(404, 'Warehouse not found');
  return json(200, [
    {
      skuId: String(sku.skuId),
      warehouseId: warehouse.id,
      dockId: warehouse.dockId,
      totalQuantity: totalOf(sku, warehouse.id),
      reservedQuantity: reservedOf(call, sku, warehouse.id),
      availableQuantity: sku.isKit ? 0 : call.world.store.free(sku, warehouse.id),
      isUnlimited: sku.unlimited && warehouse.id === WAREHOUSE_ID,
      salesChannel: channelIds(call),
      deliveryChannels: ['delivery'],
      timeToRefill: null,
      dateOfSupplyUtc: null,
    },
  ]);
}

export function listWarehouses(): Answer {
  return json(
    200,
    WAREHOUSES.map(({ id, name, dockId, dockName }, priority) => ({
      id,
      name,
      isActive: true,
      priority,
      warehouseDocks: [{ dockId, name: dockName, time: '1.00:00:00', cost: 0 }],
    }))
  );
}

export function listDocks(call: VtexCall): Answer {
  return json(
    200,
    WAREHOUSES.map(({ dockId, dockName }, priority) => ({
      id: dockId,
      name: dockName,
      priority,
      dockTimeFake: '1.00:00:00',
      timeFakeOverhead: '00:00:00',
      salesChannels: channelIds(call),
      salesChannel: null,
      freightTableIds: [],
      wmsEndPoint: '',
      isActive: true,
    }))
  );
}

function totalOf(sku: StoreSku, warehouseId: string): number {
  if (sku.isKit) return 0;
  if (warehouseId !== WAREHOUSE_ID) return sku.elsewhere;
  return sku.unlimited ? UNLIMITED_FILLER : (sku.quantity ?? 0);
}

function reservedOf({ world }: VtexCall, sku: StoreSku, warehouseId: string): number {
  return world.store.held.of(sku.skuId, warehouseId) + (warehouseId === WAREHOUSE_ID ? sku.reserved : 0);
}

function channelIds({ world }: VtexCall): string[] {
  return world.settings.salesChannels.map(({ Id }) => String(Id));
}
