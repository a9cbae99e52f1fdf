/** What a handler answers: JSON in `body`, plain text in `text`, something already written in `bytes`, or nothing. */
export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: unknown;
  text?: string;
  bytes?: Buffer;
}

export function json(status: number, body: unknown, headers?: Record<string, string>): Answer {
  return { status, body, headers };
}

export function plain(status: number, text: string, headers?: Record<string, string>): Answer {
  return { status, text, headers };
}

/** Thrown by a handler to end the call with this answer. */
export class AnswerError extends Error {
  constructor(readonly answer: Answer) {
    super(`answered ${answer.status}`);
  }
}
