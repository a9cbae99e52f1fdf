import { z } from 'zod';
import { OutsideError } from '../../domain/errors';
import type { FeedReport } from '../../domain/ports/feeds';

/** Amazon's processing report, version 2. Its `attributeName` is singular, unlike that of the Listings Items API. */
const report = z.object({
  header: z.object({ feedId: z.string() }),
  issues: z.array(
    z.object({
      messageId: z.number().nullish(),
      sku: z.string().nullish(),
      code: z.string().nullish(),
      severity: z.string(),
      message: z.string(),
      attributeName: z.string().nullish(),
    })
  ),
  summary: z.object({
    messagesProcessed: z.number(),
    messagesAccepted: z.number(),
    messagesInvalid: z.number(),
  }),
});
type Issue = z.infer<typeof report>['issues'][number];

/** @throws OutsideError `transient` for what is no report. */
export function readFeedReport(text: string): FeedReport {
  const parsed = report.safeParse(json(text));
  if (!parsed.success) {
    const where = parsed.error.issues[0]?.path.join('.') || 'the document itself';
    throw new OutsideError('transient', `Amazon's feed report cannot be read: ${where} is not as expected.`, {
      system: 'amazon',
      operation: 'download of a feed report',
    });
  }
  const { header, issues, summary } = parsed.data;
  return {
    feedId: header.feedId,
    problems: issues.map(problemOf),
    summary: {
      processed: summary.messagesProcessed,
      accepted: summary.messagesAccepted,
      invalid: summary.messagesInvalid,
    },
  };
}

/** Codes are Amazon's and change, and may be absent; whether it is an error is told by the severity alone. */
function problemOf({ messageId, sku, code, severity, message, attributeName }: Issue): FeedReport['problems'][number] {
  const lower = severity.toLowerCase();
  return {
    ...(messageId ? { messageId } : {}),
    ...(sku ? { sku } : {}),
    problem: {
      code: `amazon.${code ?? 'feed'}`,
      message,
      severity: lower === 'error' || lower === 'warning' ? lower : 'info',
      owner: 'merchant',
      // It may lead into the attribute: purchasable_offer.our_price.
      ...(attributeName ? { attributes: [attributeName.split('.')[0]!] } : {}),
    },
  };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
