import { htmlMail } from '../html-mail';
import type { Mail } from '../ports/mail';

/** What is told of an order. */
export interface ToldOfOrder {
  kind: 'notify' | 'recovered';
  problem: string;
  message: string;
  /** What the other side said, in its words. */
  said?: string;
  /** What a person should do. */
  action?: string;
}

interface OrderMailFacts {
  sellerId: string;
  amazonOrderId: string;
  /** The connector's name. */
  connector: string;
  /** Where people reach the API, without a trailing slash. */
  publicUrl: string;
}

/** The mail about an order and a problem (V14): what happened, what to do, where to look. Of the buyer it says nothing. */
export function orderMail(told: ToldOfOrder, { sellerId, amazonOrderId, connector, publicUrl }: OrderMailFacts): Mail {
  const isOver = told.kind === 'recovered';
  const subject = `[Longshore] Order ${amazonOrderId}: ${isOver ? `solved: ${told.problem}` : told.problem}`;
  const url = `${publicUrl}/v1/orders/${sellerId}/${encodeURIComponent(amazonOrderId)}`;
  const rows: [label: string, value: string][] = [
    ['Order', amazonOrderId],
    ['Connector', `${connector} (seller ${sellerId})`],
    ['Problem', told.problem],
    [isOver ? 'Now' : 'What happened', told.message],
    ...(told.said ? [['Said', told.said] as [string, string]] : []),
    ...(told.action ? [['What to do', told.action] as [string, string]] : []),
  ];
  const closing = isOver
    ? `State: GET ${url}`
    : `You are told once about this problem of this order, and once more when it is over. State: GET ${url} · release: POST ${url}/release · retry: POST ${url}/retry`;
  return {
    id: `order:${sellerId}:${amazonOrderId}:${told.problem}:${told.kind}`,
    subject,
    text: `${[...rows.map(([label, value]) => `${label}: ${value}`), '', closing].join('\n')}\n`,
    html: htmlMail(subject, rows, [], closing),
  };
}
