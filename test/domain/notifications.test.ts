import { maskedNotification } from '../../domain/notification-mask';
import { readNotification } from '../../domain/notifications';
import { UnreadableNotification } from '../../domain/ports/notifications';

const SENT_AT = new Date('2026-05-01T10:00:09.000Z');
const read = (message: unknown) =>
  readNotification({
    body: typeof message === 'string' ? message : JSON.stringify(message),
    messageId: 'm1',
    sentAt: SENT_AT,
  });

/** As Amazon's sample of a rotated client secret: names in camelCase. */
const NEW_SECRET = {
  notificationVersion: '1.0',
  notificationType: 'APPLICATION_OAUTH_CLIENT_NEW_SECRET',
  payloadVersion: '1.0',
  eventTime: '2026-01-10T05:12:45.000Z',
  payload: {
    applicationOAuthClientNewSecret: {
      clientId: 'amzn1.application-oa2-client.abc',
      newClientSecret: 'amzn1.oa2-cs.v1.s3cret',
      newClientSecretExpiryTime: '2026-07-08T05:12:45.000Z',
      oldClientSecretExpiryTime: '2026-01-17T05:12:45.000Z',
    },
  },
  notificationMetadata: {
    applicationId: 'amzn1.sellerapps.app.x',
    notificationId: 'n-1',
    publishTime: '2026-01-10T05:12:46Z',
  },
};

const STATUS = {
  NotificationVersion: '1.0',
  NotificationType: 'LISTINGS_ITEM_STATUS_CHANGE',
  PayloadVersion: '1.0',
  EventTime: '2026-05-01T10:00:00.000Z',
  Payload: { SellerId: 'A1', Sku: 'S1', Status: ['BUYABLE'] },
  NotificationMetadata: { NotificationId: 'n-2' },
};

describe('a notification', () => {
  it('is read in either casing', () => {
    expect(read(NEW_SECRET)).toEqual({
      type: 'APPLICATION_OAUTH_CLIENT_NEW_SECRET',
      id: 'n-1',
      eventTime: new Date('2026-01-10T05:12:45.000Z'),
      payload: NEW_SECRET.payload,
    });
    expect(read(STATUS)).toEqual({
      type: 'LISTINGS_ITEM_STATUS_CHANGE',
      id: 'n-2',
      eventTime: new Date('2026-05-01T10:00:00.000Z'),
      payload: { sellerId: 'A1', sku: 'S1', status: ['BUYABLE'] },
    });
  });

  it('is known by the name that Amazon’s schema gives it too', () => {
    expect(read({ ...STATUS, NotificationType: 'LISTINGS_ITEM_STATUS_CHANGED' }).type).toBe(
      'LISTINGS_ITEM_STATUS_CHANGE'
    );
  });

  it.each([
    ['no metadata', { ...STATUS, NotificationMetadata: undefined }, { id: 'm1' }],
    ['metadata that is nothing', { ...STATUS, NotificationMetadata: 7 }, { id: 'm1' }],
    ['no time', { ...STATUS, EventTime: null }, { eventTime: SENT_AT }],
    [
      'a time of publication alone',
      { ...STATUS, EventTime: 'soon', NotificationMetadata: { PublishTime: '2026-05-01T10:00:01Z' } },
      { eventTime: new Date('2026-05-01T10:00:01Z') },
    ],
    [
      'a time without a zone',
      { ...STATUS, EventTime: '2026-05-01T10:00:00.123' },
      { eventTime: new Date('2026-05-01T10:00:00.123Z') },
    ],
    ['a field more', { ...STATUS, Strange: { a: 1 } }, { id: 'n-2' }],
  ])('may have %s', (_, message, expected) => {
    expect(read(message)).toMatchObject(expected);
  });

  it.each([
    ['{"oops', 'The message is not JSON.'],
    ['""', "The message is no notification of Amazon's: it is not an object."],
    [{ Payload: {} }, "The message is no notification of Amazon's: its notificationType cannot be read."],
    [{ NotificationType: 'ORDER_CHANGE' }, "The message is no notification of Amazon's: its payload cannot be read."],
    [
      { NotificationType: 7, Payload: 's3cret' },
      "The message is no notification of Amazon's: its notificationType and payload cannot be read.",
    ],
  ])('%j is none, and the reason repeats nothing of it', (message, reason) => {
    expect(() => read(message)).toThrow(new UnreadableNotification(reason));
  });
});

describe('what is shown of a notification', () => {
  it('holds no secret, and what it was about', () => {
    const shown = maskedNotification(JSON.stringify(NEW_SECRET));
    expect(JSON.stringify(shown)).not.toContain('s3cret');
    expect(shown).toMatchObject({
      notificationType: 'APPLICATION_OAUTH_CLIENT_NEW_SECRET',
      payload: {
        applicationOAuthClientNewSecret: {
          clientId: 'amzn1.application-oa2-client.abc',
          newClientSecret: '[masked]',
          newClientSecretExpiryTime: '2026-07-08T05:12:45.000Z',
        },
      },
    });
  });

  it('masks what it does not know, be it a number, a list, or a secret under a harmless name', () => {
    expect(maskedNotification(JSON.stringify({ pin: 1234, tokens: ['a', null, true], sku: 'x'.repeat(101) }))).toEqual({
      pin: '[masked]',
      tokens: ['[masked]', null, true],
      sku: '[masked]',
    });
    expect(maskedNotification('not JSON at all')).toBe('15 characters that are not JSON');
  });
});
