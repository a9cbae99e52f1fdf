import type { Connection } from 'mongoose';
import type { Logger } from 'pino';
import { credentialNotices } from '../activities/credential-rotation/notices';
import { notificationHandlers } from '../activities/notifications';
import { takingIn } from '../activities/notifications/take-in';
import { createKeyring } from '../adapters/secrets/keyring';
import { createSqsQueue } from '../adapters/sqs';
import type { Config } from '../config';
import type { Orchestrator } from '../domain/ports/orchestrator';
import { clientSecretStore } from '../models/client-secrets';
import { connectorStore } from '../models/connectors';
import { rotationStore } from '../models/credential-rotations';
import { credentialStore } from '../models/credentials';
import { deadLetterStore } from '../models/dead-letters';
import { ledgerStore, listingModel } from '../models/listings';
import { notificationQueueStore } from '../models/notification-queues';
import { orderStore } from '../models/orders';
import { seenNoticeStore } from '../models/seen-notices';
import { listen, type Listener } from './queue-listener';

export interface NotificationsOptions {
  config: Config;
  connection: Connection;
  orchestrator: Pick<Orchestrator, 'tellOrder' | 'secretChanged' | 'expiryNoticed'>;
  logger: Logger;
}

/** Listens to the notification queues of the configuration. Without any, dead letters are tried again and nothing else. */
export function startNotifications({ config, connection, orchestrator, logger }: NotificationsOptions): Listener {
  const { SQS_QUEUE_URLS, SQS_REGION: region, SQS_ENDPOINT: endpoint } = config;
  const deadLetters = deadLetterStore(connection);
  const secretBox = createKeyring(config.ENCRYPTION_KEYS);
  const handlers = {
    ...notificationHandlers({
      connectors: connectorStore(connection),
      orders: orderStore(connection),
      ledger: ledgerStore(listingModel(connection)),
      orchestrator,
    }),
    ...credentialNotices({
      credentials: credentialStore(connection),
      secrets: clientSecretStore(connection),
      rotations: rotationStore(connection),
      secretBox,
      orchestrator,
      clock: () => new Date(),
    }),
  };
  return listen({
    queues: SQS_QUEUE_URLS.map((url) =>
      createSqsQueue({ url, region, endpoint, timeoutMs: config.HTTP_TIMEOUT_SECONDS * 1000 })
    ),
    takingIn: takingIn({
      handlers,
      seen: seenNoticeStore(connection),
      deadLetters,
      secretBox,
      logger,
    }),
    deadLetters,
    states: notificationQueueStore(connection),
    logger,
  });
}
