import { createKeyring } from '../../adapters/secrets/keyring';
import { WORKFLOWS } from '../../domain/messages';
import { alertDeliveryId, alertWatchId } from '../../domain/ids';
import { alertChannelStore } from '../../models/alert-channels';
import { alertDeliveryStore } from '../../models/alert-deliveries';
import { HookReceiver } from '../hook-receiver';
import type { Rig } from '../workflows/rig';

const UNTIL_NEW = 25;
let serial = 0;

/** Paths of the watch on alerts, and of their messages. */
export const ALERT_CASES: Record<string, (rig: Rig) => Promise<string>> = {
  'alert-watch/continued': async (rig) => {
    const taskQueue = rig.config.TEMPORAL_TASK_QUEUE;
    const workflowId = alertWatchId(taskQueue);
    const args = [{ everySeconds: 1, historyEvents: UNTIL_NEW }];
    await rig.client.workflow.start(WORKFLOWS.alertWatch, { taskQueue, workflowId, args });
    const handle = rig.client.workflow.getHandle(workflowId);
    const isNew = async () => {
      const { raw, runId } = await handle.describe();
      return raw.workflowExecutionInfo?.firstRunId !== runId;
    };
    await rig.until(isNew, 'the watch to go on as a new one');
    await handle.cancel();
    return workflowId;
  },
  'alert-delivery/tried-again': async (rig) => {
    const { receiver, deliver } = await aChannel(rig);
    receiver.answer = () => ({ status: receiver.hooks.length === 1 ? 503 : 204 });
    const id = await deliver();
    await rig.until(async () => (await stateOf(rig, id)) === 'delivered', 'the message to arrive');
    await receiver.stop();
    return alertDeliveryId(id);
  },
  'alert-delivery/behind': async (rig) => {
    const { receiver, deliver } = await aChannel(rig);
    receiver.answer = () => ({ status: 503 });
    const first = await deliver();
    await rig.until(() => Promise.resolve(receiver.hooks.length > 0), 'the first to be tried');
    const second = await deliver();
    await rig.until(async () => {
      const history = await rig.client.workflow.getHandle(alertDeliveryId(second)).fetchHistory();
      return Boolean(history.events?.some((event) => event.timerStartedEventAttributes));
    }, 'the second to wait');
    receiver.answer = () => ({ status: 204 });
    await rig.orchestrator.wakeAlertDelivery(first);
    await rig.until(async () => (await stateOf(rig, second)) === 'delivered', 'the second to arrive');
    await receiver.stop();
    return alertDeliveryId(second);
  },
  'alert-delivery/given-up': async (rig) => {
    const { receiver, deliver } = await aChannel(rig);
    receiver.answer = () => ({ status: 410 });
    const id = await deliver();
    await rig.until(async () => (await stateOf(rig, id)) === 'dead', 'the message to be given up');
    await receiver.stop();
    return alertDeliveryId(id);
  },
  'alert-delivery/over': async (rig) => {
    const { receiver, channelId, deliver } = await aChannel(rig);
    await alertChannelStore(rig.database).remove(channelId);
    const id = await deliver();
    await rig.until(async () => (await stateOf(rig, id)) === 'dropped', 'the message to be dropped');
    await receiver.stop();
    return alertDeliveryId(id);
  },
};

async function stateOf(rig: Rig, id: string): Promise<string | undefined> {
  return (await alertDeliveryStore(rig.database).get(id))?.state;
}

/** A channel of its own, whose receiver is up. */
async function aChannel(rig: Rig) {
  const receiver = await HookReceiver.start();
  const box = createKeyring(rig.config.ENCRYPTION_KEYS);
  serial += 1;
  const channelId = `ach_${String(serial).padStart(20, '0')}`;
  const createdAt = new Date();
  await alertChannelStore(rig.database).create({
    _id: channelId,
    name: 'Recorded',
    kind: 'slack',
    isEnabled: true,
    addresses: [],
    events: [],
    minimumSeverity: 'info',
    thresholdMinutes: {},
    timeZone: 'UTC',
    quietHours: null,
    digestHour: null,
    digestDay: null,
    createdAt,
    url: box.seal(receiver.url),
    shownUrl: null,
    secret: null,
    version: 1,
  });
  return {
    receiver,
    channelId,
    async deliver(): Promise<string> {
      serial += 1;
      const id = `adl_${String(serial).padStart(32, '0')}`;
      await alertDeliveryStore(rig.database).add([
        { id, channelId, kind: 'digest', to: [], items: [], at: new Date() },
      ]);
      await rig.orchestrator.wakeAlertDelivery(id);
      return id;
    },
  };
}
