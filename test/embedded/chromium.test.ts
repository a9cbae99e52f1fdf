import fs from 'node:fs';
import path from 'node:path';
import { findChromium } from '../../embedded/chromium';
import { clearScratch, scratch } from './scratch';

afterEach(clearScratch);

describe('the browser for tests', () => {
  it('is the one that CHROMIUM_PATH names', async () => {
    expect(await findChromium({ env: { CHROMIUM_PATH: process.execPath } })).toBe(process.execPath);
  });

  it('is refused when CHROMIUM_PATH names nothing that runs', async () => {
    const finding = findChromium({ env: { CHROMIUM_PATH: '/nonexistent/chromium' } });
    await expect(finding).rejects.toThrow('CHROMIUM_PATH names /nonexistent/chromium, which is not an executable file');
  });

  it('is found on PATH', async () => {
    const { dataDir } = scratch();
    const browser = path.join(dataDir, 'chromium');
    fs.writeFileSync(browser, '', { mode: 0o755 });
    expect(await findChromium({ env: { PATH: dataDir } })).toBe(browser);
  });

  it('is asked for in words where it cannot be installed', async () => {
    const finding = findChromium({ env: { PATH: '' } });
    await expect(finding).rejects.toThrow('there is no chromium or google-chrome on PATH: install Chromium, or set');
  });
});
