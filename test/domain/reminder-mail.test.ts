import { reminderMail, type ReminderFacts } from '../../domain/reminder-mail';
import type { Reminder } from '../../domain/reminders';

const secret: Reminder = {
  of: 'client-secret',
  credentialId: 'cred_0123456789abcdef0123',
  dueAt: '2026-08-28T09:30:00.000Z',
  day: 30,
};
const authorisation: Reminder = { ...secret, of: 'authorisation', seller: 'A2LUMASELLER01' };

const facts = (at: string, connectors: ReminderFacts['connectors'] = [{ id: 'con_1', name: 'Luma US' }]) => ({
  clientId: 'amzn1.application-oa2-client.0123456789abcdef',
  connectors,
  publicUrl: 'https://longshore.example',
  at: new Date(at),
});

describe('the mail of a reminder', () => {
  it('says in its first line what lapses when', () => {
    const subjectAt = (at: string, reminder: Reminder = secret) => reminderMail(reminder, facts(at)).subject;
    const what = "[Longshore] The client secret of Longshore's application at Amazon";
    expect(subjectAt('2026-07-29T09:30:00.250Z')).toBe(`${what} expires in 30 days (2026-08-28)`);
    expect(subjectAt('2026-08-27T10:00:00.000Z')).toBe(`${what} expires in 1 day (2026-08-28)`);
    expect(subjectAt('2026-08-28T09:30:00.000Z')).toBe(`${what} has expired (2026-08-28)`);
    expect(subjectAt('2026-08-29T09:30:00.000Z')).toBe(`${what} expired 1 day ago (2026-08-28)`);
    expect(subjectAt('2026-07-29T09:30:00.000Z', authorisation)).toBe(
      '[Longshore] The authorisation by seller A2LUMASELLER01 expires in 30 days (2026-08-28)'
    );
  });

  it('says what happens, who does what, and where the state is seen', () => {
    expect(reminderMail(authorisation, facts('2026-08-30T00:00:00.000Z')).text).toBe(`\
The authorisation by seller A2LUMASELLER01 expired 1 day ago (2026-08-28).

What: The authorisation by seller A2LUMASELLER01
Application: amzn1.application-oa2-client.0123456789abcdef
Expired: 2026-08-28, 09:30 UTC
What happens now: Amazon refuses every request for this seller: no listing, price or quantity is sent any more. What is for sale at Amazon stays for sale, with the quantities of then.
Connectors: Luma US (con_1)
Who: The primary user of the seller account A2LUMASELLER01.

What to do:
1. In Seller Central, under Apps and Services > Manage Your Apps, renew the authorisation of this application.
2. Where Amazon shows a new refresh token, save it in the connector as amazon.refreshToken: PATCH https://longshore.example/v1/connectors/{connectorId}.
3. Where the old token stays, say when it was renewed: PATCH https://longshore.example/v1/credentials/cred_0123456789abcdef0123 with authorisations.

You are reminded 90, 30, 14, 7, 3 and 1 days before, and daily once it is overdue, until this is done. State: GET https://longshore.example/v1/credentials/cred_0123456789abcdef0123
`);
  });

  it('names ten connectors, and how many more there are', () => {
    const many = Array.from({ length: 12 }, (_none, index) => ({ id: `con_${index}`, name: 'Shop' }));
    const { text } = reminderMail(secret, facts('2026-08-01T00:00:00.000Z', many));
    expect(text).toMatch(/^Connectors: (Shop \(con_\d\), ){10}2 more$/m);
  });

  it('is the same message for the same reminder alone', () => {
    const at = facts('2026-08-01T00:00:00.000Z');
    const ids = [secret, authorisation, { ...secret, day: 14 }, { ...secret, dueAt: '2026-08-27T09:30:00.000Z' }].map(
      (each) => reminderMail(each, at).id
    );
    expect(new Set(ids).size).toBe(4);
    expect(reminderMail(secret, facts('2026-08-02T00:00:00.000Z')).id).toBe(ids[0]);
  });
});
