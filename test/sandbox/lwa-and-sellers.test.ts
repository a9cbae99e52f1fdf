import { describeWithAmazonModels } from './amazon-models';
import { useSandbox, type ErrorBody, type SellerClient, type WorldAnswer } from './sandbox-client';

const sandbox = useSandbox({ rateFactor: 100 });

describe('the LWA token endpoint', () => {
  let world: WorldAnswer;
  beforeAll(async () => {
    world = await sandbox().world('lwa');
  });

  it('gives a bearer token of one hour for a form and for JSON', async () => {
    const form = await sandbox().token(world);
    expect(form.status).toBe(200);
    expect(form.body).toMatchObject({
      token_type: 'bearer',
      expires_in: 3600,
      access_token: expect.stringMatching(/^Atza\|/),
    });
    const { clientId, clientSecret, refreshToken } = world.amazon;
    const body = {
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
      client_id: clientId,
      client_secret: clientSecret,
    };
    const json = await sandbox().send('POST', '/auth/o2/token', { body });
    expect(json.status).toBe(200);
  });

  it('gives a grantless token for a scope, which opens no listing', async () => {
    const overrides = {
      grant_type: 'client_credentials',
      refresh_token: undefined,
      scope: 'sellingpartnerapi::notifications',
    };
    const reply = await sandbox().token(world, overrides);
    expect(reply.body).toMatchObject({ access_token: expect.stringMatching(/^Atc\|/) });
    const headers = { 'x-amz-access-token': reply.body.access_token };
    expect((await sandbox().send('GET', '/sellers/v1/marketplaceParticipations', { headers })).status).toBe(403);
  });

  it.each([
    ['a wrong secret', { client_secret: 'wrong' }, 401, 'invalid_client'],
    ['an unknown client', { client_id: 'nobody' }, 401, 'invalid_client'],
    ['an unknown refresh token', { refresh_token: 'Atzr|unknown' }, 400, 'invalid_grant'],
    ['refresh_token and scope together', { scope: 'sellingpartnerapi::notifications' }, 400, 'invalid_request'],
    ['no grant type', { grant_type: undefined }, 400, 'invalid_request'],
    ['no client id', { client_id: undefined }, 400, 'invalid_request'],
    ['another grant type', { grant_type: 'password' }, 400, 'unsupported_grant_type'],
    [
      'an unknown scope',
      { grant_type: 'client_credentials', refresh_token: undefined, scope: 'x' },
      400,
      'invalid_scope',
    ],
  ])('refuses %s in its own error shape', async (_, overrides, status, error) => {
    const reply = await sandbox().token(world, overrides);
    expect(reply.status).toBe(status);
    expect(reply.body).toEqual({ error, error_description: expect.any(String) });
  });

  it('refuses the refresh token of another application', async () => {
    const other = await sandbox().world('lwa-other');
    const reply = await sandbox().token(world, { refresh_token: other.amazon.refreshToken });
    expect(reply.status).toBe(400);
    expect(reply.body.error).toBe('unauthorized_client');
  });

  it('refuses an expired secret until a new one is made, and a revoked grant until it is given again', async () => {
    const owned = await sandbox().world('lwa-rotation');
    await sandbox().control('POST', 'worlds/lwa-rotation/amazon', { secretExpired: true });
    expect((await sandbox().token(owned)).body.error).toBe('invalid_client');
    const renewed = (
      await sandbox().control<WorldAnswer>('POST', 'worlds/lwa-rotation/amazon', { newClientSecret: true })
    ).body;
    expect(renewed.amazon.clientSecret).not.toBe(owned.amazon.clientSecret);
    expect((await sandbox().token(renewed)).status).toBe(200);
    await sandbox().control('POST', 'worlds/lwa-rotation/amazon', { accessRevoked: true });
    expect((await sandbox().token(renewed)).body.error).toBe('invalid_grant');
    await sandbox().control('POST', 'worlds/lwa-rotation/amazon', { accessRevoked: false });
    expect((await sandbox().token(renewed)).status).toBe(200);
  });

  it('keeps a replaced secret alive for seven days', async () => {
    const owned = await sandbox().world('lwa-grace');
    await sandbox().control('POST', 'worlds/lwa-grace/amazon', { newClientSecret: true });
    expect((await sandbox().token(owned)).status).toBe(200);
    await sandbox().control('POST', 'clock', { advanceSeconds: 7 * 24 * 3600 });
    expect((await sandbox().token(owned)).body.error).toBe('invalid_client');
  });
});

describeWithAmazonModels('every SP-API call', () => {
  const path = '/sellers/v1/marketplaceParticipations';
  let seller: SellerClient;
  beforeEach(async () => {
    seller = await sandbox().seller(await sandbox().world('tokens'));
  });

  it('lists the participations in a payload', async () => {
    const reply = await seller.get<{
      payload: { marketplace: { id: string }; participation: { isParticipating: boolean } }[];
    }>(path);
    expect(reply.body.payload).toHaveLength(1);
    expect(reply.body.payload[0]?.participation.isParticipating).toBe(true);
    expect(reply.headers.get('x-amzn-ratelimit-limit')).toBe('1.6');
  });

  it.each([
    ['no token', '', 'Access token is missing in the request header.'],
    ['a malformed token', 'Atza|nonsense', 'The access token you provided is revoked, malformed or invalid.'],
  ])('is refused with %s', async (_, token, details) => {
    seller.accessToken = token;
    const reply = await seller.get<ErrorBody>(path);
    expect(reply.status).toBe(403);
    expect(reply.body.errors).toEqual([
      { code: 'Unauthorized', message: 'Access to requested resource is denied.', details },
    ]);
  });

  it('is refused with 403, not 401, once the hour is over', async () => {
    await sandbox().control('POST', 'clock', { advanceSeconds: 3600 });
    const reply = await seller.get<ErrorBody>(path);
    expect(reply.status).toBe(403);
    expect(reply.body.errors[0]?.details).toBe('The access token you provided has expired.');
  });

  it('is refused when the control API expires the tokens, and passes with the next one', async () => {
    await sandbox().control('POST', 'worlds/tokens/amazon', { expireTokens: true });
    expect((await seller.get(path)).status).toBe(403);
    await new Promise((resolve) => setTimeout(resolve, 5));
    const next = await sandbox().seller(seller.world);
    expect((await next.get(path)).status).toBe(200);
  });

  it('shows a marketplace the seller left as not participating', async () => {
    await sandbox().control('POST', 'worlds/tokens/amazon', { participating: false });
    const reply = await seller.get<{ payload: { participation: { isParticipating: boolean } }[] }>(path);
    expect(reply.body.payload[0]?.participation.isParticipating).toBe(false);
    expect((await seller.item('any')).status).toBe(403);
    await sandbox().control('POST', 'worlds/tokens/amazon', { participating: true });
  });
});
