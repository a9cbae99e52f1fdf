interface Place {
  line: number;
  column: number;
}

/** Where JSON text stops being JSON, counted from 1; undefined when that cannot be told. Says nothing of the text itself. */
export function brokenAt(text: string): Place | undefined {
  // The shortest beginning that no ending could mend: longer ones cannot be mended either, so that halving finds it.
  let sound = 0;
  let broken = text.length;
  if (canGoOn(text)) return placeAt(text, text.length);
  while (broken - sound > 1) {
    const middle = (sound + broken) >> 1;
    if (canGoOn(text.slice(0, middle))) sound = middle;
    else broken = middle;
  }
  return placeAt(text, broken - 1);
}

/** True when the text is JSON or may become so by going on: V8 then complains about its very end. */
function canGoOn(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    const { message } = error as Error;
    if (message.includes('Unexpected end of JSON input')) return true;
    const position = /at position (\d+)/.exec(message)?.[1];
    return position !== undefined && Number(position) >= text.length;
  }
}

function placeAt(text: string, offset: number): Place {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}
