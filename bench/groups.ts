import { measureApiLatency } from './api-latency';
import { measureChaos } from './chaos';
import { measureCrash } from './crash';
import { measureDefinitions } from './definitions';
import type { Figure } from './figure';
import type { GroupName } from './group-names';
import type { Lab } from './lab';
import { measureHeldOrders } from './held-orders';
import { measureLimits } from './limits';
import { measureOrderNotices } from './order-notices';
import { measureScaling } from './scaling';
import { measureThroughput } from './throughput';
import { measureUnchanged } from './unchanged';
import { measureUrgent } from './urgent';
import { measureWorkerMemory } from './worker-memory';

/** What measures each group's figures, one after the other. */
export const GROUPS: Readonly<Record<GroupName, (lab: Lab) => AsyncIterable<Figure>>> = {
  definitions: measureDefinitions,
  throughput: measureThroughput,
  limits: measureLimits,
  unchanged: measureUnchanged,
  scaling: measureScaling,
  api: measureApiLatency,
  crash: measureCrash,
  chaos: measureChaos,
  urgent: measureUrgent,
  orders: measureOrderNotices,
  'held-orders': measureHeldOrders,
  'worker-memory': measureWorkerMemory,
};
