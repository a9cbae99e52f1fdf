import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { mongo } from 'mongoose';
import { findMongodb, SECANTUS_WHEEL, startMongodb, withDatabase, type MongodbContext } from '../../embedded/mongodb';
import { dataDirOf, places } from '../../embedded/places';
import { wheelProgram } from '../../embedded/wheels';
import { blockedNetwork, type Blocking } from './blocked-network';
import { clearScratch, pretendDownloadsFailed, scratch, type Scratch } from './scratch';

jest.setTimeout(180_000);
afterEach(clearScratch);

const start = (context: MongodbContext) => startMongodb({ ...context, ports: { mongodb: 0 } });

/**
 * A program that understands mongod's arguments. No real mongod can be had without a download, so the engine behind it is
 * SecantusDB; what is tested is how the program is found and started. Long enough for mongodb-memory-server, which takes a
 * small file for a broken download.
 */
async function mongodLike(context: Scratch, name: string): Promise<string> {
  const engine = await wheelProgram(SECANTUS_WHEEL, { ...context, cacheDir: dataDirOf(process.env) });
  const file = path.join(context.dataDir, name);
  const script = `#!/bin/sh
if [ "$1" = --version ]; then echo "db version v8.2.6"; exit 0; fi
while [ $# -gt 0 ]; do
  case "$1" in --dbpath) dir=$2; shift;; --port) port=$2; shift;; --bind_ip) host=$2; shift;; esac
  shift
done
exec "${engine}" --host "$host" --port "$port" --storage-path "$dir" --cache-size 256M --log-file-max 64MB
`;
  fs.writeFileSync(file, script + `# ${'.'.repeat(78)}\n`.repeat(20_000), { mode: 0o755 });
  return file;
}

async function writeAndRead(uri: string): Promise<number> {
  const client = new mongo.MongoClient(uri);
  try {
    await client.db('longshore').collection('things').insertOne({ at: new Date() });
    return await client.db('longshore').collection('things').countDocuments();
  } finally {
    await client.close();
  }
}

describe('MongoDB is found', () => {
  it('by MONGOD_BINARY', async () => {
    const context = scratch();
    context.env.MONGOD_BINARY = await mongodLike(context, 'my-mongod');
    const running = await start(context);
    expect(running.how).toBe('MONGOD_BINARY');
    expect(await writeAndRead(running.uri)).toBe(1);
    expect(fs.readdirSync(places.mongo(context.dataDir))).not.toHaveLength(0);
    expect(fs.existsSync(places.mongoSecantus(context.dataDir))).toBe(false);
  });

  it('on PATH', async () => {
    const context = scratch();
    const program = await mongodLike(context, 'mongod');
    context.env.PATH = `${path.dirname(program)}${path.delimiter}${context.env.PATH}`;
    expect(await findMongodb(context)).toMatchObject({ how: 'PATH', program, version: 'db version v8.2.6' });
  });

  it('by MONGODB_URI', async () => {
    const context = scratch();
    context.env.MONGOD_BINARY = await mongodLike(context, 'my-mongod');
    const { uri } = await start(context);
    const other = scratch({ MONGODB_URI: uri });
    expect(await start(other)).toEqual({ how: 'MONGODB_URI', uri });
    expect(other.lines).toEqual(['mongodb: using the server that MONGODB_URI names']);
  });

  it('by the download of mongodb-memory-server, once', async () => {
    const context = scratch({}, { wheels: false });
    const site = await downloadSite(await mongodLike(context, 'mongod'), context.dataDir);
    Object.assign(context.env, { MONGOMS_DOWNLOAD_MIRROR: site.url, MONGOMS_USE_HTTP: 'true', HOME: context.dataDir });
    const running = await start(context);
    expect(running.how).toBe('mongodb-memory-server');
    expect(await writeAndRead(running.uri)).toBe(1);
    const requests = site.requests();
    expect(requests).toBeGreaterThan(0);
    expect((await findMongodb(context)).how).toBe('mongodb-memory-server');
    expect(site.requests()).toBe(requests);
    site.close();
  });

  it('by the wheel of SecantusDB, with a word about production', async () => {
    const context = scratch({}, { wheels: false });
    pretendDownloadsFailed(context.cacheDir);
    const running = await start(context);
    expect(running.how).toBe('pip:secantusdb');
    expect(await writeAndRead(running.uri)).toBe(1);
    expect(context.lines).toContainEqual(
      'mongodb: installing the wheel secantusdb==0.6.0b17 by pip (about 22 MB, once)'
    );
    expect(context.lines.at(-1)).toMatch(/SecantusDB, a stand-in for development; production wants a real MongoDB/);
    expect(fs.existsSync(places.mongo(context.dataDir))).toBe(false);
  });
});

describe('what SecantusDB wrote', () => {
  it('is there after a stop and after a kill', async () => {
    const context = scratch();
    pretendDownloadsFailed(context.cacheDir);
    const first = await start(context);
    await writeAndRead(first.uri);
    await context.processes.stop(first.service!);
    const second = await start(context);
    expect(await writeAndRead(second.uri)).toBe(2);
    // Like a mongod on its own, it writes its log a tenth of a second late; what was acknowledged before that is safe.
    await new Promise((resolve) => setTimeout(resolve, 500));
    process.kill(second.service!.pid, 'SIGKILL');
    await second.service!.exited;
    const third = await start(context);
    expect(await writeAndRead(third.uri)).toBe(3);
  });

  it('keeps it in use although a download might work today', async () => {
    const context = scratch({ PATH: '' });
    fs.mkdirSync(places.mongoSecantus(context.dataDir));
    fs.writeFileSync(path.join(places.mongoSecantus(context.dataDir), 'WiredTiger'), '');
    expect((await findMongodb(context)).how).toBe('pip:secantusdb');
    expect(context.lines.at(-1)).toMatch(/staying with SecantusDB/);
  });

  it('is never opened by mongod', async () => {
    const context = scratch();
    const old = path.join(places.mongoSecantus(context.dataDir), 'WiredTiger');
    fs.mkdirSync(places.mongoSecantus(context.dataDir));
    fs.writeFileSync(old, 'theirs');
    context.env.MONGOD_BINARY = await mongodLike(context, 'my-mongod');
    await start(context);
    expect(fs.readFileSync(old, 'utf8')).toBe('theirs');
    expect(context.lines).toContainEqual(expect.stringMatching(/what the other engine wrote .* is not read/));
  });
});

describe('a MongoDB that is named but does not work is a clear error', () => {
  it('MONGOD_BINARY that is not there', async () => {
    const finding = findMongodb(scratch({ MONGOD_BINARY: '/nonexistent/mongod' }));
    await expect(finding).rejects.toThrow(
      'MONGOD_BINARY names /nonexistent/mongod, which does not exist: point MONGOD_BINARY'
    );
  });

  it.each(['mongodb://user:hunter2@127.0.0.1:9/x', 'nonsense'])('MONGODB_URI=%s', async (uri) => {
    const started = Date.now();
    const starting = start(scratch({ MONGODB_URI: uri }));
    await expect(starting).rejects.toThrow(
      /the server that MONGODB_URI names cannot be used .*unset it to have one started/
    );
    await expect(starting).rejects.not.toThrow('hunter2');
    expect(Date.now() - started).toBeLessThan(10_000);
  });
});

describe('a blocked download of mongod falls through in seconds, in one line, and is remembered', () => {
  const blockings: Blocking[] = ['refuses', 'hangs up', 'hangs', 'forbids'];
  it.each(blockings)('a network that %s', async (blocking) => {
    const network = await blockedNetwork(blocking);
    const context = scratch({ MONGOMS_DOWNLOAD_MIRROR: network.url, MONGOMS_USE_HTTP: 'true' });
    const started = Date.now();
    const found = await findMongodb({ ...context, stallMs: 4_000 });
    expect(found.how).toBe('pip:secantusdb');
    expect(Date.now() - started).toBeLessThan(12_000);
    expect(context.lines.slice(2)).toEqual([
      expect.stringMatching(/^mongodb: the download of mongod by .* failed: .+/),
    ]);
    await network.close();
    context.lines.length = 0;
    const again = Date.now();
    await findMongodb(context);
    expect(Date.now() - again).toBeLessThan(1_000);
    expect(context.lines.at(-1)).toMatch(/failed lately .*not tried again before/);
  });
});

describe('withDatabase', () => {
  it.each([
    ['mongodb://h:1', 'mongodb://h:1/longshore'],
    ['mongodb://h:1/', 'mongodb://h:1/longshore'],
    ['mongodb://h:1/?a=b', 'mongodb://h:1/longshore?a=b'],
    ['mongodb://u:p%2F@h:1,i:2/?replicaSet=r', 'mongodb://u:p%2F@h:1,i:2/longshore?replicaSet=r'],
    ['mongodb+srv://h/mine?a=b', 'mongodb+srv://h/mine?a=b'],
  ])('%s is %s', (uri, expected) => {
    expect(withDatabase(uri, 'longshore')).toBe(expected);
  });
});

/** Serves an archive with a mongod in it, whatever name is asked for, and its checksum. */
async function downloadSite(program: string, folder: string) {
  const archive = path.join(folder, 'mongodb.tgz');
  fs.mkdirSync(path.join(folder, 'mongodb', 'bin'), { recursive: true });
  fs.copyFileSync(program, path.join(folder, 'mongodb', 'bin', 'mongod'));
  execFileSync('tar', ['-czf', archive, '-C', folder, 'mongodb']);
  const content = fs.readFileSync(archive);
  let requests = 0;
  const server = http.createServer((request, response) => {
    requests += 1;
    const isChecksum = request.url?.endsWith('.md5');
    response.end(isChecksum ? createHash('md5').update(content).digest('hex') : content);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, requests: () => requests, close: () => server.close() };
}
