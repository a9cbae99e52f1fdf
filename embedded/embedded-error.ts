/** Says one line to the person who started the stack; no secrets, no line breaks. */
export type Log = (line: string) => void;

/** Something the person at the terminal can mend. `message` says what is wrong and what to do; no stack trace is shown. */
export class EmbeddedError extends Error {
  override readonly name = 'EmbeddedError';
}

/** Makes one short line of whatever was thrown. */
export function reasonOf(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return message.replace(/\s+/g, ' ').trim();
}
