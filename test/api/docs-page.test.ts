import { chromium, type Browser } from 'playwright-core';
import { ENDPOINTS } from '../../api/endpoints';
import { findChromium } from '../../embedded/chromium';
import { ApiUnderTest } from './api-under-test';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

let api: ApiUnderTest;
let browser: Browser;
beforeAll(async () => {
  api = await ApiUnderTest.start();
  browser = await chromium.launch({ executablePath: await findChromium(), headless: true, args: FLAGS });
}, 300_000);
afterAll(async () => {
  await browser?.close();
  await api.stop();
});

describe('/docs in a browser', () => {
  it('shows every operation, without an error and without asking anybody else', async () => {
    const page = await browser.newPage();
    const complaints: string[] = [];
    const hosts = new Set<string>();
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => {
      const { protocol, hostname } = new URL(request.url());
      if (protocol !== 'data:' && protocol !== 'blob:') hosts.add(hostname);
    });

    await page.goto(`${api.url}/docs`);
    await page.waitForSelector('.opblock');
    const shown = await page.$$eval('.opblock', (blocks) =>
      blocks.map((block) => {
        const text = (selector: string) => block.querySelector(selector)?.textContent?.trim() ?? '';
        return `${text('.opblock-summary-method')} ${text('.opblock-summary-path').replace(/[\s\u200b]/g, '')}`;
      })
    );
    await page.click('.opblock-post');
    await page.waitForSelector('.opblock-body');
    await page.waitForTimeout(300);

    expect(shown.sort()).toEqual(ENDPOINTS.map(({ method, path }) => `${method.toUpperCase()} ${path}`).sort());
    expect(complaints).toEqual([]);
    expect([...hosts]).toEqual(['127.0.0.1']);
  });

  it('asks the API with the key that was entered', async () => {
    const { body } = await api.post('/v1/api-keys', { name: 'docs', role: 'viewer' });
    const page = await browser.newPage();
    const answer = await page.goto(`${api.url}/docs`);
    expect(answer!.headers()['content-security-policy']).toContain("script-src 'self'");
    await page.click('.authorize');
    await page.fill('.auth-container input', body.key as string);
    await page.click('.auth-btn-wrapper .authorize');
    await page.click('.btn-done');
    expect(await page.$('.authorize.locked')).not.toBeNull();
  });
});
