/** A label and its value, as a row of a mail. */
type MailRow = readonly [label: string, value: string];

/** A mail as HTML: a title, rows, what is to be done in steps, if there are any, and a closing line. */
export function htmlMail(title: string, rows: readonly MailRow[], steps: readonly string[], closing: string): string {
  const cells = rows.map(
    ([label, value]) => `<tr><th align="left" valign="top">${escaped(label)}</th><td>${escaped(value)}</td></tr>`
  );
  const items = steps.map((step) => `<li>${escaped(step)}</li>`);
  return [
    '<!doctype html><html lang="en"><body style="font-family:sans-serif">',
    `<h2>${escaped(title)}</h2>`,
    `<table cellpadding="4">${cells.join('')}</table>`,
    ...(items.length > 0 ? [`<h3>What to do</h3><ol>${items.join('')}</ol>`] : []),
    `<p>${escaped(closing)}</p>`,
    '</body></html>',
  ].join('\n');
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character]!);
}
