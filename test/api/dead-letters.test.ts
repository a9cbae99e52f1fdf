import { randomBytes } from 'node:crypto';
import { createKeyring } from '../../adapters/secrets/keyring';
import { auditModel } from '../../models/audit-log';
import { deadLetterModel, deadLetterStore, type NewDeadLetter } from '../../models/dead-letters';
import { notificationQueueStore } from '../../models/notification-queues';
import { ApiUnderTest } from './api-under-test';

const secretBox = createKeyring(`test:${randomBytes(32).toString('base64')}`);

let api: ApiUnderTest;
beforeAll(async () => {
  api = await ApiUnderTest.start({ secretBox });
});
afterAll(async () => {
  await api.stop();
});
beforeEach(async () => {
  await deadLetterModel(api.connection).deleteMany({});
});

let serial = 0;

/** A notification that no connector wanted, with something secret in it. */
async function aDeadLetter(letter: Partial<NewDeadLetter> = {}): Promise<string> {
  const notificationId = `n-${(serial += 1)}`;
  const message = {
    notificationType: 'APPLICATION_OAUTH_CLIENT_NEW_SECRET',
    payload: { applicationOAuthClientNewSecret: { clientId: 'amzn1.app.x', newClientSecret: 's3cret' } },
  };
  await deadLetterStore(api.connection).put({
    queue: 'longshore',
    messageId: `m-${serial}`,
    notificationId,
    type: message.notificationType,
    eventTime: new Date('2026-05-01T10:00:00Z'),
    reason: 'No credential has this client id.',
    deliveries: 1,
    body: secretBox.seal(JSON.stringify(message)),
    sentAt: new Date('2026-05-01T10:00:01Z'),
    ...letter,
  });
  const [newest] = await deadLetterModel(api.connection).find({
    notificationId: letter.notificationId ?? notificationId,
  });
  return newest!._id;
}

const auditOf = (id: string) => auditModel(api.connection).find({ 'target.id': id }).lean();

describe('dead letters', () => {
  it('are listed with the reason, and without what may be secret', async () => {
    const id = await aDeadLetter();
    const { status, body } = await api.get('/v1/dead-letters');
    expect(status).toBe(200);
    expect(body.items).toEqual([
      {
        id,
        queue: 'longshore',
        messageId: `m-${serial}`,
        notificationId: `n-${serial}`,
        type: 'APPLICATION_OAUTH_CLIENT_NEW_SECRET',
        eventAt: '2026-05-01T10:00:00.000Z',
        reason: 'No credential has this client id.',
        deliveries: 1,
        state: 'dead',
        retries: 0,
        content: {
          notificationType: 'APPLICATION_OAUTH_CLIENT_NEW_SECRET',
          payload: { applicationOAuthClientNewSecret: { clientId: 'amzn1.app.x', newClientSecret: '[masked]' } },
        },
        sentAt: '2026-05-01T10:00:01.000Z',
        createdAt: expect.any(String) as string,
      },
    ]);
  });

  it('are listed also where one cannot be opened any more', async () => {
    await aDeadLetter();
    await aDeadLetter({ body: { keyId: 'gone', box: 'AAAA' } });
    const { status, body } = await api.get('/v1/dead-letters');
    expect([status, body.items.length]).toEqual([200, 2]);
    expect(body.items[0]!.content).toContain("'gone'");
  });

  it('are listed page by page, the newest first, each once', async () => {
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1) ids.push(await aDeadLetter());
    const seen: string[] = [];
    let cursor: string | null | undefined;
    do {
      const { body } = await api.get(`/v1/dead-letters?limit=2${cursor ? `&cursor=${cursor}` : ''}`);
      seen.push(...(body.items as { id: string }[]).map(({ id }) => id));
      cursor = body.nextCursor as string | null;
    } while (cursor);
    expect(seen).toHaveLength(5);
    expect([...seen].sort()).toEqual([...ids].sort());
  });

  it('are kept once however often the notification comes, with the last reason', async () => {
    const id = await aDeadLetter({ notificationId: 'same' });
    expect(await aDeadLetter({ notificationId: 'same', reason: 'Another.' })).toBe(id);
    const { body } = await api.get('/v1/dead-letters');
    expect(body.items).toMatchObject([{ id, reason: 'Another.' }]);
  });

  it('are given to a worker to try again, and who wanted it is noted', async () => {
    const id = await aDeadLetter();
    expect((await api.post(`/v1/dead-letters/${id}/retry`, {})).status).toBe(202);
    const { body } = await api.get('/v1/dead-letters');
    expect(body.items).toMatchObject([{ id, state: 'retrying' }]);
    expect(await deadLetterStore(api.connection).takeRetry()).toMatchObject({ _id: id });
    expect(await deadLetterStore(api.connection).takeRetry()).toBeUndefined();
    expect(await auditOf(id)).toMatchObject([{ action: 'dead-letter.retried', target: { type: 'dead-letter', id } }]);
  });

  it('are forgotten when a person says so, which is noted', async () => {
    const id = await aDeadLetter();
    expect((await api.delete(`/v1/dead-letters/${id}`)).status).toBe(204);
    expect((await api.get('/v1/dead-letters')).body.items).toEqual([]);
    expect(await auditOf(id)).toMatchObject([
      {
        action: 'dead-letter.deleted',
        changes: [{ field: 'reason', before: 'No credential has this client id.', after: null }],
      },
    ]);
  });

  it('are counted for those who watch, with how it stands with the queues', async () => {
    await aDeadLetter();
    const queues = notificationQueueStore(api.connection);
    await queues.noteWell('well', { handled: 3 });
    await queues.noteWell('well', { handled: 2, repeated: 1 });
    await queues.noteFailing('ill', new Date(Date.now() - 60_000), 'No answer.');
    await queues.noteFailing('ill', new Date(), 'No answer.');
    const { text } = await api.get('/metrics', { key: null });
    expect(text).toContain('dead_letters 1');
    expect(text).toContain('notifications_total{queue="well",outcome="handled"} 5');
    expect(text).toContain('notifications_total{queue="well",outcome="repeated"} 1');
    expect(text).toContain('notification_queue_failing_seconds{queue="well"} 0');
    expect(Number(/notification_queue_failing_seconds\{queue="ill"\} ([\d.]+)/.exec(text)?.[1])).toBeGreaterThan(59);
  });

  it('are not found when there is none of that id', async () => {
    expect((await api.post('/v1/dead-letters/dl_0/retry', {})).status).toBe(404);
    expect((await api.delete('/v1/dead-letters/dl_0')).status).toBe(404);
  });
});
