import { createHmac, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { Webhook } from 'standardwebhooks';
import { ALERT_EVENT_NAMES, ALERT_SEVERITIES, classOf } from '../../../domain/alerts/alert-events';
import { webhookOf } from '../../../domain/alerts/message-words';

const DOC = readFileSync(join(__dirname, '../../../docs/alerts.md'), 'utf8');

describe('docs/alerts.md', () => {
  it('says of each event after how long it is told', () => {
    const rows = [...DOC.matchAll(/^\| `(\w+)` +\| (\d+) min +\| ([\w, ]+?) +\|/gm)];
    expect(rows.map(([, event, minutes]) => [event, Number(minutes)])).toEqual(
      ALERT_EVENT_NAMES.map((event) => [event, classOf(event).afterMinutes])
    );
    for (const [, , , severities] of rows)
      for (const each of severities!.split(', ')) expect(ALERT_SEVERITIES).toContain(each);
  });

  it('shows a message as it is sent', () => {
    const shown = JSON.parse(/```json\n([\s\S]*?)```/.exec(DOC)![1]!) as {
      timestamp: string;
      data: { id: string; alerts: { id: string; url: string; since: string; endedAt: null }[] };
    };
    const [{ id: key, url, since, ...item }] = shown.data.alerts as [(typeof shown.data.alerts)[0]];
    const publicUrl = 'https://longshore.example';
    const message = {
      id: shown.data.id,
      channelId: 'ach_1',
      kind: 'firing' as const,
      to: [],
      items: [{ ...item, key, link: url.slice(publicUrl.length), since: new Date(since) }],
      at: new Date(shown.timestamp),
    };
    expect(webhookOf(message as never, publicUrl)).toEqual(shown);
  });

  it('shows how a signature is checked', () => {
    const code = /Without it:\n\n```js\n([\s\S]*?)```/.exec(DOC)![1]!.replace(/^import .*$/m, '');
    const isGenuine = runInNewContext(`${code}; isGenuine`, { createHmac, timingSafeEqual, Buffer }) as (
      headers: Record<string, string>,
      body: string,
      secret: string
    ) => boolean;
    const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
    const headersAt = (at: Date) => ({
      'webhook-id': 'adl_1',
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(secret).sign('adl_1', at, '{"a":1}'),
    });
    const fresh = headersAt(new Date());
    expect(isGenuine(fresh, '{"a":1}', secret)).toBe(true);
    expect(
      isGenuine({ ...fresh, 'webhook-signature': `v1,AAAA ${fresh['webhook-signature']}` }, '{"a":1}', secret)
    ).toBe(true);
    expect(isGenuine(fresh, '{"a":2}', secret)).toBe(false);
    expect(isGenuine(headersAt(new Date(Date.now() - 600_000)), '{"a":1}', secret)).toBe(false);
  });
});
