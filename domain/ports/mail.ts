/** A message to the people who look after this installation. It holds no secret: mail is read by whoever carries it. */
export interface Mail {
  /** The same for every try of the same message, so that a mail system that has seen it shows it once. */
  id: string;
  subject: string;
  text: string;
  /** The same in HTML, for readers that show it. */
  html: string;
}

/** Sends mail to the recipients it was configured with. */
export interface Mailer {
  /**
   * Resolves when the mail server has taken the message for at least one recipient.
   *
   * @returns the recipients that it refused.
   * @throws OutsideError `transient` while the server is away or busy; `config` when it refuses the sign-in, the sender or
   *   every recipient. The message names no password.
   */
  send(mail: Mail, signal: AbortSignal): Promise<{ refused: string[] }>;
}
