import type { AlertSender } from '../../domain/ports/alerts';
import type { Orchestrator } from '../../domain/ports/orchestrator';
import type { SecretBox } from '../../domain/ports/secrets';
import type { AlertChannelStore } from '../../models/alert-channels';
import type { AlertDeliveryStore } from '../../models/alert-deliveries';
import type { AlertFactQueries } from '../../models/alert-facts';
import type { AlertStore } from '../../models/alerts';
import type { AlertWatchStore } from '../../models/alert-watch';

export interface AlertDependencies {
  facts: AlertFactQueries;
  alerts: Pick<AlertStore, 'known' | 'write'>;
  watch: AlertWatchStore;
  channels: Pick<AlertChannelStore, 'all' | 'get' | 'noteDigest'>;
  deliveries: AlertDeliveryStore;
  sender: AlertSender;
  secretBox: SecretBox;
  orchestrator: Pick<Orchestrator, 'wakeAlertDelivery'>;
  /** ALERT_TO; empty while nothing can be mailed. */
  operators: readonly string[];
  logger: { warn: (facts: object, message: string) => void };
}
