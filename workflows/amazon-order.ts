import {
  ActivityCancellationType,
  ActivityFailure,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  log,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { OrderActivities } from '../activities/orders';
import { decide } from '../domain/orders/decide';
import type {
  OpenedOrder,
  OrderInput,
  OrderMessage,
  OrderNews,
  OrderRun,
  OrderSave,
  OrderTransition,
} from '../domain/orders/order-record';
import type { OrderCommand, OrderEvent, OrderState } from '../domain/orders/order-state';
import { isAtRest, viewOf } from '../domain/orders/order-view';
import { orderNews } from './messages';

/** A look into the database, one event of history. It is tried until the database is back. */
const { openOrder } = proxyLocalActivities<OrderActivities>({
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
});

/**
 * What is saved is in the history first: a worker that dies in between saves the same again, and no other state under the same
 * number, which would be passed over.
 */
const { saveOrder } = proxyActivities<OrderActivities>({
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
});

/** A step answers also when it fails. What is tried again here is a step whose worker was lost: it looks before it sends. */
const { takeOrderStep } = proxyActivities<OrderActivities>({
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '15 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
});

/** What it holds up must not wait for Amazon: the next sync sends the quantity too. */
const { stopSelling } = proxyActivities<OrderActivities>({
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: '15 seconds',
  scheduleToCloseTimeout: '2 minutes',
  retry: { initialInterval: '2 seconds', maximumInterval: '30 seconds' },
});

/** A mail server may be away for days; nothing but the mail waits for it. */
const { sendOrderMail } = proxyActivities<OrderActivities>({
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '30 seconds',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '5 seconds', maximumInterval: '10 minutes' },
});

/** So that a history stays small; the state is in the database, and the next run reads it there. */
const LONGEST_HISTORY = 2_000;

/** What happens, without its moment. */
type Happening = OrderEvent extends infer E ? (E extends { at: number } ? Omit<E, 'at'> : never) : never;
type Step = Extract<OrderCommand, { step: number }>;

/**
 * One order of Amazon's: what is heard of it goes to the state machine, and what that wants is done, one step at a time. Ends when
 * nothing is under way and nothing waits for time; whatever is heard later starts it again from the state that was kept.
 */
export async function amazonOrder({ news: unheard = [], ...input }: OrderRun): Promise<void> {
  const news: OrderNews[] = [...unheard];
  setHandler(orderNews, (each) => void news.push(each));

  const opened = await openOrder(input);
  if (!opened) return;
  const order = orderInHand(opened);
  const mail = mailOf(input);
  if (opened.hasMail) mail.send();

  let own = sinceItWasKept(opened);
  for (;;) {
    const commands = order.hear([...own, ...news.splice(0)]);
    own = await carryOut(input, order, commands, mail);
    if (own.length > 0) continue;
    // Nothing is under way, and all of it is kept.
    if (isLong()) {
      await mail.stop();
      await continueAsNew<typeof amazonOrder>({ ...input, news });
    }
    if (news.length > 0) continue;
    if (isAtRest(order.state)) {
      await condition(() => news.length > 0 || mail.isSent());
      if (news.length === 0) return;
    } else await untilNewsOr(order.state.wakeAt, news);
  }
}

/** The notes first, in their order, then the step. What the step came to is the next thing that happens. */
async function carryOut(
  input: OrderInput,
  order: OrderInHand,
  commands: OrderCommand[],
  mail: OrderMail
): Promise<Happening[]> {
  const step = commands.find((command): command is Step => 'step' in command);
  const skus = commands.flatMap((command) => (command.kind === 'stop-selling' ? command.skus : []));
  const messages = commands.filter(
    (command): command is OrderMessage => command.kind === 'notify' || command.kind === 'recovered'
  );
  if (skus.length > 0) await stopSelling({ ...input, skus }).catch(leaveToTheNextSync);
  if (messages.length > 0) {
    await saveOrder({ ...input, save: order.save(messages) });
    mail.send();
  }
  if (!step) {
    if (order.isChanged()) await saveOrder({ ...input, save: order.save([]) });
    return [];
  }
  const { step: number, ...what } = step;
  const save = order.isChanged() ? order.save([]) : null;
  return [{ kind: 'outcome', step: number, outcome: await takeOrderStep({ ...input, step: what, save }) }];
}

/** What became of a step that was under way is not known; and its connector may want something else by now. */
function sinceItWasKept({ state, policy }: OpenedOrder): Happening[] {
  return [
    ...(state.underWay ? [{ kind: 'restart' as const }] : []),
    ...(JSON.stringify(state.policy) === JSON.stringify(policy) ? [] : [{ kind: 'policy' as const, policy }]),
  ];
}

type OrderInHand = ReturnType<typeof orderInHand>;

/** The order's state, and what of it is not kept yet. */
function orderInHand({ state, revision, stage, reason }: OpenedOrder) {
  let kept = JSON.stringify(state);
  let last = { stage, reason };
  let transitions: OrderTransition[] = [];
  return {
    state,

    /** Works news in; without any, it is time that has passed. */
    hear(happenings: Happening[]): OrderCommand[] {
      const at = Date.now();
      return (happenings.length > 0 ? happenings : [{ kind: 'clock' as const }]).flatMap((happening) => {
        const decided = decide(this.state, { ...happening, at } as OrderEvent);
        this.state = decided.state;
        const view = viewOf(this.state, at);
        if (view.stage !== last.stage || view.reason !== last.reason) {
          last = { stage: view.stage, reason: view.reason };
          transitions.push({ at, ...last });
        }
        return decided.commands;
      });
    },

    isChanged(): boolean {
      return JSON.stringify(this.state) !== kept;
    },

    save(messages: OrderMessage[]): OrderSave {
      revision += 1;
      const save = { revision, at: Date.now(), state: this.state, transitions, messages };
      kept = JSON.stringify(this.state);
      transitions = [];
      return save;
    },
  };
}

type OrderMail = ReturnType<typeof mailOf>;

/** Sends the messages that were kept, beside everything else. */
function mailOf(input: OrderInput) {
  const scope = new CancellationScope();
  let isSending = false;
  let isMore = false;
  async function sendAll(): Promise<void> {
    while (isMore) {
      isMore = false;
      await sendOrderMail(input);
    }
  }
  return {
    send(): void {
      isMore = true;
      if (isSending) return;
      isSending = true;
      void scope
        .run(sendAll)
        .catch(leaveWaiting)
        .finally(() => (isSending = false));
    },

    isSent: (): boolean => !isSending,

    /**
     * Leaves the messages that wait to the next run. One that the mail server is just being given is waited for, as long as the step may
     * take: the next run would send it again.
     */
    async stop(): Promise<void> {
      scope.cancel();
      await condition(() => !isSending);
    },
  };
}

async function untilNewsOr(wakeAt: OrderState['wakeAt'], news: readonly OrderNews[]): Promise<void> {
  const hasNews = (): boolean => news.length > 0;
  if (wakeAt === null) await condition(hasNews);
  else await condition(hasNews, Math.max(1, wakeAt - Date.now()));
}

function isLong(): boolean {
  const { historyLength, continueAsNewSuggested } = workflowInfo();
  return continueAsNewSuggested || historyLength >= LONGEST_HISTORY;
}

function leaveToTheNextSync(error: unknown): void {
  if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
  log.warn('a listing could not be set to quantity 0', { reason: error.cause?.message });
}

/** The messages stay as they are kept; the next run of the order sends them. */
function leaveWaiting(error: unknown): void {
  if (!isCancellation(error)) log.warn('the mail of an order was left unsent');
}
