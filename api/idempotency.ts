import { createHash } from 'node:crypto';
import type { Connection } from 'mongoose';
import type { SecretBox } from '../domain/ports/secrets';
import { idempotencyStore } from '../models/idempotency-keys';
import { canonicalJson } from './canonical-json';
import type { Reply } from './endpoint';
import { invalid, Problem } from './errors';

const KEY_FORMAT = /^[\x21-\x7e]{1,255}$/;
const IN_PROGRESS_RETRY_SECONDS = 1;

/** What makes two requests the same: who, where, under which key, with what. */
export interface Keyed {
  actorId: string;
  method: string;
  path: string;
  key: string;
  body: unknown;
}

/** Answers a repeated POST as the first one was answered (C8). */
export function idempotency(connection: Connection, secretBox: SecretBox) {
  const store = idempotencyStore(connection);

  /**
   * Runs `work` once for all repeats of a request.
   *
   * @param work - is given the id that was reserved for what it creates, the same at each try.
   * @throws Problem `idempotency_key_reused`, `in_progress`, `validation_failed`, and what `work` throws
   */
  return async function once(request: Keyed, work: (reservedId: string) => Promise<Reply>): Promise<Reply> {
    checkFormat(request.key);
    const id = sha256([request.actorId, request.method, request.path, request.key].join('\n'));
    const bodyHash = sha256(canonicalJson(request.body));
    const begun = await store.begin(id, secretBox.seal(bodyHash), (kept) => secretBox.open(kept) === bodyHash);
    switch (begun.kind) {
      case 'other-body':
        throw new Problem(
          'idempotency_key_reused',
          'This Idempotency-Key came with another body before. Use a new key for a new request.'
        );
      case 'running':
        throw new Problem('in_progress', 'The same request is being worked on; ask again in a moment.', {
          headers: { 'Retry-After': String(IN_PROGRESS_RETRY_SECONDS) },
        });
      case 'done': {
        const { status, headers, body } = begun.answer;
        return {
          status,
          headers: { ...headers, 'Idempotency-Replayed': 'true' },
          ...(body && { body: JSON.parse(secretBox.open(body)) as unknown }),
        };
      }
      case 'mine':
        return first(id, begun, work);
    }
  };

  async function first(
    id: string,
    { turn, reservedId, isRepeat }: { turn: string; reservedId: string; isRepeat: boolean },
    work: (reservedId: string) => Promise<Reply>
  ): Promise<Reply> {
    try {
      const reply = await work(reservedId);
      if ('stream' in reply) throw new Error('A stream cannot be kept for repeats');
      const body = reply.body === undefined ? null : secretBox.seal(JSON.stringify(reply.body));
      await store.finish(id, turn, { status: reply.status, headers: reply.headers ?? {}, body });
      return reply;
    } catch (error) {
      const isRefusal = error instanceof Problem && error.status < 500;
      // A first try that was refused has created nothing; anything else may have, and its id must not be lost.
      if (isRefusal && !isRepeat) await store.forget(id, turn).catch(() => undefined);
      else await store.reopen(id, turn).catch(() => undefined);
      throw error;
    }
  }
}

function checkFormat(key: string): void {
  if (KEY_FORMAT.test(key)) return;
  throw invalid([
    {
      field: 'header.Idempotency-Key',
      code: 'format',
      message: 'An Idempotency-Key has 1 to 255 visible ASCII characters, for example a UUID.',
    },
  ]);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
