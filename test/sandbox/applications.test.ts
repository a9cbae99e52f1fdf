import { amazonModel, describeWithAmazonModels } from './amazon-models';
import { useSandbox, type ErrorBody, type WorldAnswer } from './sandbox-client';

const sandbox = useSandbox({ rateFactor: 1000 });
const PATH = '/applications/2023-11-30/clientSecret';
const SCOPE = 'sellingpartnerapi::client_credential:rotation';
const AGES = { oldLivesSeconds: 600, newDeadSeconds: 2_400 };

async function tokenOf(world: WorldAnswer, scope = SCOPE): Promise<string> {
  const overrides = { grant_type: 'client_credentials', refresh_token: undefined, scope };
  return (await sandbox().token(world, overrides)).body.access_token as string;
}

async function rotate(token: string) {
  return sandbox().send<ErrorBody>('POST', PATH, { headers: { 'x-amz-access-token': token } });
}

const newest = async (name: string): Promise<WorldAnswer> =>
  (await sandbox().control<WorldAnswer>('GET', `worlds/${name}`)).body;

describeWithAmazonModels('the rotation of a client secret', () => {
  it('answers 204 without the secret, and makes another with every call', async () => {
    const world = await sandbox().world('rotate');
    const reply = await rotate(await tokenOf(world));
    expect([reply.status, reply.text]).toEqual([204, '']);
    const first = await newest('rotate');
    expect(first.amazon.clientSecret).not.toBe(world.amazon.clientSecret);
    await rotate(await tokenOf(first));
    expect((await newest('rotate')).amazon.clientSecret).not.toBe(first.amazon.clientSecret);
  });

  it('has the old one die and the new one work when the manners say so', async () => {
    const world = await sandbox().world('rotate-ages');
    await sandbox().control('POST', 'worlds/rotate-ages/amazon', { rotation: AGES });
    await rotate(await tokenOf(world));
    const renewed = await newest('rotate-ages');
    const worksNow = async (each: WorldAnswer): Promise<boolean> => (await sandbox().token(each)).status === 200;
    const both = async (): Promise<boolean[]> => [await worksNow(world), await worksNow(renewed)];
    expect(await both()).toEqual([true, false]);
    await sandbox().control('POST', 'clock', { advanceSeconds: 600 });
    expect(await both()).toEqual([false, false]);
    await sandbox().control('POST', 'clock', { advanceSeconds: 1_800 });
    expect(await both()).toEqual([false, true]);
    await sandbox().control('POST', 'clock', { advanceSeconds: 180 * 24 * 3600 });
    expect(await both()).toEqual([false, false]);
  });

  it('answers 400, and burns nothing, where no queue is registered', async () => {
    const world = await sandbox().world('rotate-not-enrolled');
    await sandbox().control('POST', 'worlds/rotate-not-enrolled/amazon', { rotation: { enrolled: false } });
    const reply = await rotate(await tokenOf(world));
    expect(reply.status).toBe(400);
    expect(reply.body.errors[0]).toMatchObject({
      code: 'InvalidInput',
      message: expect.stringContaining('not enrolled'),
    });
    expect(amazonModel('applications').validateResponse('rotateApplicationClientSecret', 400, reply.body)).toEqual([]);
    expect((await newest('rotate-not-enrolled')).amazon.clientSecret).toBe(world.amazon.clientSecret);
  });

  it('is refused with the token of a seller, of another scope, and with none', async () => {
    const world = await sandbox().world('rotate-refused');
    const ofSeller = (await sandbox().token(world)).body.access_token as string;
    const ofNotifications = await tokenOf(world, 'sellingpartnerapi::notifications');
    for (const token of [ofSeller, ofNotifications, '']) expect((await rotate(token)).status).toBe(403);
    expect((await newest('rotate-refused')).amazon.clientSecret).toBe(world.amazon.clientSecret);
  });
});
