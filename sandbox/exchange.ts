import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import { AnswerError, json, type Answer } from './answer';
import type { CallLog } from './calls';
import type { SandboxClock } from './clock';
import type { CallSubject, Fault, Faults } from './faults';

const TIMEOUT_MS = 600_000;
const SLOW_MS = 1_000;

export interface ExchangeContext {
  clock: SandboxClock;
  calls: CallLog;
  faults: Faults;
  /** Milliseconds every answer takes longer. */
  latencyMs: number;
  log: (line: string) => void;
}

/** One of the APIs the sandbox stands in for: how it names the subject of a call and how it words failures. */
export interface ApiFamily {
  name: CallSubject['family'];
  subjectOf: (request: Request) => Omit<CallSubject, 'operation' | 'family'>;
  /** The answer to a fault that only names a status. */
  faultAnswer: (status: number, operation: string) => Answer;
  /** What every answer of this API carries on top of its own. */
  finish: (answer: Answer, request: Request, requestId: string, operation: string) => Answer;
}

export type Handler = (request: Request) => Answer;

/** Puts an operation behind the call log, the latency and the faults. */
export function exchange(
  context: ExchangeContext,
  family: ApiFamily,
  operation: string,
  handler: Handler
): RequestHandler {
  return async (request, response) => {
    const at = context.clock.iso();
    const startedAt = performance.now();
    const requestId = randomUUID();
    const subject: CallSubject = { operation, family: family.name, ...family.subjectOf(request) };
    const fault = context.faults.take(subject);
    if (context.latencyMs > 0) await pause(context.latencyMs, response);
    const answer = await answerOf({ context, family, operation, handler, request, response, fault, requestId });
    context.calls.add(
      {
        at,
        operation,
        method: request.method,
        path: request.path,
        status: answer?.status ?? 0,
        ...(subject.skus.length > 0 ? { sku: subject.skus.slice(0, 20).join(',') } : {}),
        ...(subject.sellerId ? { sellerId: subject.sellerId } : {}),
        ...(subject.account ? { account: subject.account } : {}),
        ...(request.query.mode === 'VALIDATION_PREVIEW' ? { mode: 'VALIDATION_PREVIEW' } : {}),
        ...(fault ? { fault: fault.id } : {}),
        ms: Math.round(performance.now() - startedAt),
        requestId,
      },
      family.name === 'amazon'
    );
    if (answer) send(response, family.finish(answer, request, requestId, operation));
    else await giveNone(response, fault);
  };
}

interface Step {
  context: ExchangeContext;
  family: ApiFamily;
  operation: string;
  handler: Handler;
  request: Request;
  response: Response;
  fault: Fault | undefined;
  requestId: string;
}

/** @returns undefined when the caller is to get no answer at all */
async function answerOf(step: Step): Promise<Answer | undefined> {
  const { fault, family, operation } = step;
  if (!fault) return handled(step);
  if (fault.after) handled(step);
  switch (fault.kind) {
    case 'timeout':
    case 'reset':
      return undefined;
    case 'slow':
      await pause(fault.delayMs ?? SLOW_MS, step.response);
      return handled(step);
    case 'throttle':
      return family.faultAnswer(429, operation);
    case 'status':
      return withBody(family.faultAnswer(fault.status ?? 500, operation), fault.body);
    case 'invalid':
      return withBody(invalidSubmission(step.request, operation, family), fault.body);
  }
}

function handled({ context, family, operation, handler, request }: Step): Answer {
  try {
    return handler(request);
  } catch (error) {
    if (error instanceof AnswerError) return error.answer;
    context.log(
      `sandbox: ${operation} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
    );
    return family.faultAnswer(500, operation);
  }
}

/** HTTP 200 that is no success: the submission was understood and refused. Elsewhere a plain 400. */
function invalidSubmission(request: Request, operation: string, family: ApiFamily): Answer {
  if (operation !== 'putListingsItem' && operation !== 'patchListingsItem') return family.faultAnswer(400, operation);
  const issue = {
    code: '99300',
    message: 'Product Detail Page Rules Violation (Inaccurate information on product detail page).',
    severity: 'ERROR',
    attributeNames: ['item_name'],
    categories: ['INVALID_ATTRIBUTE'],
  };
  return json(200, { sku: request.params.sku, status: 'INVALID', submissionId: randomUUID(), issues: [issue] });
}

function withBody(answer: Answer, body: unknown): Answer {
  if (body === undefined) return answer;
  const { status, headers } = answer;
  return typeof body === 'string' ? { status, headers, text: body } : { status, headers, body };
}

async function giveNone(response: Response, fault: Fault | undefined): Promise<void> {
  if (fault?.kind === 'timeout') await pause(fault.delayMs ?? TIMEOUT_MS, response);
  response.socket?.resetAndDestroy();
}

export function send(response: Response, answer: Answer): void {
  response.status(answer.status).set(answer.headers ?? {});
  if (answer.body !== undefined) response.json(answer.body);
  else if (answer.bytes) response.send(answer.bytes);
  else if (answer.text !== undefined) {
    if (!response.get('content-type')) response.type('text/plain');
    response.send(answer.text);
  } else response.end();
}

/** Ends early when the caller hangs up. */
function pause(ms: number, response: Response): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    response.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
