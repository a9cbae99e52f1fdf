import { ApplicationFailure } from '@temporalio/common';
import { isPassing, OutsideError } from '../../domain/errors';
import { orderMail } from '../../domain/orders/order-mail';
import type { OrderInput } from '../../domain/orders/order-record';
import { messagesToSend, type KeptMessage, type OrderDocument } from '../../models/orders';
import type { ConnectorDocument } from '../../models/connectors';
import { withPulse } from '../pulse';
import type { OrderDependencies } from './dependencies';

/** What is noted, and shown by the API, while nothing can be mailed. */
const NO_MAIL = 'No mail server is configured: set SMTP_URL and ALERT_FROM, and ALERT_TO or the connector’s e-mail.';
const NOBODY_WAS_TOLD = 'Nobody was told of the problem.';

/** After so long a message that the mail server refused is tried again: what it refuses for is somebody's to mend. */
const REFUSED_PAUSE = '1 hour';

/** What became of a message. */
type Became = Pick<KeptMessage, 'note' | 'isRefused'> & { state: 'sent' | 'not_sent' };

/** Telling people of orders (V14). */
export function mailSteps({ connectors, orders, mailerTo, publicUrl, logger }: OrderDependencies) {
  /** @returns what became of the message. @throws OutsideError that passes. */
  async function sendOne(
    order: OrderDocument,
    connector: ConnectorDocument,
    message: KeptMessage,
    signal: AbortSignal
  ): Promise<Became> {
    const isMoot = message.kind === 'recovered' && !wasTold(order, message.problem);
    if (isMoot) return { state: 'not_sent', note: NOBODY_WAS_TOLD };
    const mailer = mailerTo(connector.config.orders.errorEmail);
    if (!mailer) return { state: 'not_sent', note: NO_MAIL };
    const { sellerId, amazonOrderId } = order;
    const mail = orderMail(message, { sellerId, amazonOrderId, connector: connector.config.name, publicUrl });
    try {
      const { refused } = await mailer.send(mail, signal);
      return { state: 'sent', note: refused.length > 0 ? `The mail server refused ${refused.join(', ')}.` : null };
    } catch (error) {
      if (!(error instanceof OutsideError) || isPassing(error.code)) throw error;
      return { state: 'not_sent', isRefused: true, note: error.message };
    }
  }

  /** Tries each message once, the oldest first. @returns those that are left, because they were refused */
  async function sendEach({ sellerId, amazonOrderId }: OrderInput, signal: AbortSignal): Promise<KeptMessage[]> {
    const tried = new Set<string>();
    for (;;) {
      const order = await orders.get(sellerId, amazonOrderId);
      const connector = order && (await connectors.get(order.connectorId));
      if (!connector) return [];
      const left = messagesToSend(order);
      const message = left.find(({ key }) => !tried.has(key));
      if (!message) return left;
      tried.add(message.key);
      const became = await sendOne(order, connector, message, signal);
      await orders.noteMessage(order._id, message.key, became);
      if (became.note) logger.warn({ sellerId, amazonOrderId, message: message.key, ...became }, 'mail of an order');
    }
  }

  return {
    /**
     * Mails the messages of an order that wait, the oldest first, and notes what became of each. A worker that dies between the mail
     * server's answer and the note sends it once more under the same Message-ID.
     *
     * @throws ApplicationFailure `transient` while the mail server is away; `config`, to be tried again after an hour, when it has
     *   refused a message.
     */
    async sendOrderMail(input: OrderInput): Promise<void> {
      await withPulse(async ({ signal }) => {
        const refused = await sendEach(input, signal);
        if (refused.length > 0) throw refusal();
      });
    },
  };
}

function refusal(): ApplicationFailure {
  const message = 'The mail server refuses the mail; it is tried again.';
  return ApplicationFailure.create({ type: 'config', message, nextRetryDelay: REFUSED_PAUSE });
}

function wasTold({ messages }: OrderDocument, problem: string): boolean {
  return messages.some((each) => each.problem === problem && each.kind === 'notify' && each.state === 'sent');
}
