import { createKeyring } from '../../adapters/secrets/keyring';
import { WORKFLOWS } from '../../domain/messages';
import { alertWatchId } from '../../domain/ids';
import { alertChannelStore } from '../../models/alert-channels';
import { HookReceiver, verified } from '../hook-receiver';
import { plainProducts, Rig } from './rig';

const SECRET = `whsec_${Buffer.alloc(32, 3).toString('base64')}`;

/** What connectors come to by themselves, and what people hear of it, on everything that a worker is built from. */
describe('alerts of a connector', () => {
  let rig: Rig;
  let receiver: HookReceiver;
  beforeAll(async () => {
    receiver = await HookReceiver.start();
    rig = await Rig.start({ env: { ALLOW_PRIVATE_ADDRESSES: 'true', HTTP_TIMEOUT_SECONDS: '2' } });
    const box = createKeyring(rig.config.ENCRYPTION_KEYS);
    await alertChannelStore(rig.database).create({
      _id: 'ach_00000000000000000001',
      name: 'Everything at once',
      kind: 'webhook',
      isEnabled: true,
      addresses: [],
      events: [],
      minimumSeverity: 'info',
      thresholdMinutes: { connector_parked: 0, outside_away: 0, run_failed: 0, problems_rising: 0 },
      timeZone: 'UTC',
      quietHours: null,
      digestHour: null,
      digestDay: null,
      createdAt: new Date(),
      url: box.seal(receiver.url),
      shownUrl: null,
      secret: box.seal(SECRET),
      version: 1,
    });
    const taskQueue = rig.config.TEMPORAL_TASK_QUEUE;
    const workflowId = alertWatchId(taskQueue);
    const args = [{ everySeconds: 1, historyEvents: 2_000 }];
    await rig.client.workflow.start(WORKFLOWS.alertWatch, { taskQueue, workflowId, args });
  });
  afterAll(async () => {
    await rig.client.workflow.getHandle(alertWatchId(rig.config.TEMPORAL_TASK_QUEUE)).terminate();
    await rig.stop();
    await receiver.stop();
  });

  async function toldOf(connectorId: string, event: string) {
    const isIt = (hook: HookReceiver['hooks'][0]): boolean =>
      hook.body.data.alerts.some(({ id, change }) => id === `${event}:${connectorId}` && change === 'firing');
    await rig.until(() => Promise.resolve(receiver.hooks.some(isIt)), `the alert ${event}`, 60);
    const hook = receiver.hooks.find(isIt)!;
    const { data } = verified(hook, SECRET) as { data: { alerts: Record<string, string>[] } };
    return data.alerts.find(({ id }) => id === `${event}:${connectorId}`)!;
  }

  it('say that a run waits for a new client secret, and what to do', async () => {
    const { world, connectorId } = await rig.ready('alerts-parked', plainProducts(2));
    await rig.firstSync(connectorId);
    await rig.control('POST', 'worlds/alerts-parked/amazon', { secretExpired: true, expireTokens: true });
    await rig.control('POST', 'worlds/alerts-parked/skus/SKU-0001', { quantity: 3 });
    await rig.startSync(connectorId);
    const alert = await toldOf(connectorId, 'connector_parked');
    expect(alert).toMatchObject({ severity: 'critical', about: 'Test alerts-parked', connectorId, endedAt: null });
    expect(alert.action).toContain('amazon.clientSecret');
    expect(alert.url).toBe(`http://127.0.0.1:3000/v1/connectors/${connectorId}`);
    for (const { raw } of receiver.hooks) {
      expect(raw).not.toContain(world.amazon.clientSecret);
      expect(raw).not.toContain(world.amazon.refreshToken);
    }
  }, 120_000);

  it('say that Amazon does not answer', async () => {
    const { connectorId } = await rig.ready('alerts-away', plainProducts(2));
    await rig.control('POST', 'faults', { match: { operation: 'putListingsItem' }, kind: 'status', status: 503 });
    await rig.control('POST', 'faults', { match: { operation: 'getListingsItem' }, kind: 'status', status: 503 });
    await rig.control('POST', 'faults', { match: { operation: 'searchListingsItems' }, kind: 'status', status: 503 });
    await rig.orchestrator.startActivation(connectorId);
    expect(await toldOf(connectorId, 'outside_away')).toMatchObject({ event: 'outside_away', severity: 'error' });
    await rig.control('DELETE', 'faults');
  }, 120_000);
});
