import { execFileSync } from 'node:child_process';
import { anySignal } from '../../domain/any-signal';

test('aborts with the first of its signals, and its reason', () => {
  const [one, other] = [new AbortController(), new AbortController()];
  const any = anySignal([one.signal, anySignal([other.signal])]);
  expect(any.aborted).toBe(false);
  other.abort(new Error('enough'));
  expect(any.reason).toEqual(new Error('enough'));
});

test('comes to a deadline that nobody else holds, whatever is collected meanwhile', () => {
  const script = `
    const { anySignal } = require('./domain/any-signal');
    const made = () => {
      const any = anySignal([AbortSignal.timeout(300), new AbortController().signal]);
      return new Promise((resolve) => any.addEventListener('abort', () => resolve('aborted'), { once: true }));
    };
    const end = made();
    setTimeout(gc, 50);
    setTimeout(gc, 150);
    const never = new Promise((resolve) => setTimeout(resolve, 3000, 'never'));
    Promise.race([end, never]).then((said) => { console.log(said); process.exit(); });`;

  const said = execFileSync(process.execPath, ['--expose-gc', '--import', 'tsx', '--eval', script], {
    timeout: 30_000,
  });

  expect(String(said)).toBe('aborted\n');
});
