import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { plainProducts, Rig, type ProductLine, type World } from './rig';

/** An Amazon in front of the sandbox's: as strict as the real one in definitions, since the sandbox's own are mild. */
class StricterAmazon {
  /** Changes the schemas that pass. */
  change: (schema: Schema) => void = () => undefined;
  isAway = false;
  target = '';
  definitions = 0;
  private server!: Server;

  async start(): Promise<string> {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        void this.pass(request.method ?? 'GET', request.url ?? '/', request.headers, Buffer.concat(chunks)).then(
          ({ status, headers, body }) => response.writeHead(status, headers).end(body),
          () => response.destroy()
        );
      });
    });
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async pass(method: string, url: string, headers: NodeJS.Dict<string | string[]>, body: Buffer) {
    const isDefinition = url.startsWith('/definitions/');
    if (isDefinition) this.definitions += 1;
    if (isDefinition && this.isAway) return { status: 503, headers: {}, body: '{}' };
    const passed = Object.entries(headers).filter(([name]) => name !== 'host' && name !== 'connection');
    const answer = await fetch(this.target + url, {
      method,
      headers: Object.fromEntries(passed) as Record<string, string>,
      ...(body.length > 0 && { body: new Uint8Array(body) }),
    });
    let text = await answer.text();
    if (isDefinition && answer.status === 200 && text.includes('"metaSchema"')) {
      const described = JSON.parse(text) as { schema: { link: { resource: string }; checksum: string } };
      const schema = this.changed(await (await fetch(described.schema.link.resource)).text());
      described.schema.checksum = createHash('md5').update(schema).digest('base64');
      const address = `http://${String(headers.host)}`;
      text = JSON.stringify(described).replaceAll(this.target, address);
    }
    if (url.startsWith('/__definitions/') && !url.includes('meta-schema')) text = this.changed(text);
    const rate = answer.headers.get('x-amzn-ratelimit-limit');
    return {
      status: answer.status,
      headers: { 'content-type': 'application/json', ...(rate && { 'x-amzn-ratelimit-limit': rate }) },
      body: text,
    };
  }

  private changed(text: string): string {
    const schema = JSON.parse(text) as Schema;
    this.change(schema);
    return JSON.stringify(schema);
  }
}

interface Schema {
  required: string[];
  properties: Record<string, unknown>;
  allOf?: unknown[];
}

/** Blue things must say what they are made of, and no title may be longer than 25 bytes. */
function strict(schema: Schema): void {
  const blue = { contains: { required: ['value'], properties: { value: { enum: ['Blue'] } } } };
  schema.allOf = [
    ...(schema.allOf ?? []),
    { if: { required: ['color'], properties: { color: blue } }, then: { required: ['material'] } },
  ];
  const title = schema.properties.item_name as { items: { properties: { value: { maxUtf8ByteLength: number } } } };
  title.items.properties.value.maxUtf8ByteLength = 25;
}

describe("a sync that holds payloads against Amazon's definitions", () => {
  const amazon = new StricterAmazon();
  let rig: Rig;
  beforeAll(async () => {
    const url = await amazon.start();
    rig = await Rig.start({ env: { SPAPI_URL: url } });
    amazon.target = rig.sandbox.url;
    amazon.change = strict;
  });
  afterAll(async () => {
    await rig.stop();
    await amazon.stop();
  });

  const LONG_TITLE = 'A title that is longer than it may be';

  async function ready(
    name: string,
    lines: ProductLine[],
    change?: Parameters<Rig['insertConnector']>[1]
  ): Promise<{ world: World; connectorId: string }> {
    const world = await rig.world(name, lines);
    const connectorId = await rig.insertConnector(world, change);
    await rig.onboard(connectorId);
    return { world, connectorId };
  }

  /** Three shirts; the second is blue of no material, with a title too long. */
  function lines(change: Partial<ProductLine> = { attributes: {}, name: LONG_TITLE }): ProductLine[] {
    return plainProducts(3).map((line, index) =>
      index === 1
        ? { ...line, ...change, skus: line.skus.map((sku) => ({ ...sku, name: change.name ?? sku.name })) }
        : line
    );
  }

  it('waits while Amazon cannot give the definition, and goes on by itself', async () => {
    amazon.isAway = true;
    const { connectorId } = await ready('away', plainProducts(3));
    await rig.orchestrator.startActivation(connectorId);
    await rig.until(
      async () => (await rig.run(connectorId))?.waitingFor?.code === 'transient',
      'the run to say what it waits for'
    );
    amazon.isAway = false;
    const run = await rig.ended(connectorId, () => true);
    expect(run).toMatchObject({ outcome: 'completed', waitingFor: null, counts: { live: 3 } });
    expect(amazon.definitions).toBeGreaterThan(1);
  });

  it('blocks a SKU with every reason, sends the others, and sends it after the source is mended', async () => {
    const { world, connectorId } = await ready('conditional', lines());
    const first = await rig.firstSync(connectorId);
    expect(first.counts).toMatchObject({ live: 2, blocked: 1, rejected: 0 });
    const held = await rig.listing(connectorId, 'SKU-0002');
    expect(held).toMatchObject({ state: 'blocked', verdict: { kind: 'block', blockReason: 'invalid' } });
    expect(held.problems).toEqual([
      expect.objectContaining({ attributes: ['item_name'], rule: 'maxUtf8ByteLength', value: LONG_TITLE }),
      expect.objectContaining({
        attributes: ['material'],
        rule: 'required',
        message:
          'Material (material): it is missing, and Amazon wants it for SHIRT, when Color is Blue. Give it in the source.',
      }),
    ]);
    expect((await rig.books(world))['SKU-0002']).toBeUndefined();
    const asked = amazon.definitions;
    await rig.world('conditional', lines({}));
    expect((await rig.sync(connectorId)).counts).toMatchObject({ live: 3, blocked: 0 });
    expect((await rig.books(world))['SKU-0002']).toMatchObject({ puts: 1, quantity: 10 });
    expect(amazon.definitions).toBe(asked);
  });

  it('leaves what was sent as it is when it becomes invalid, but takes it off sale when it is out of stock', async () => {
    const { world, connectorId } = await ready('turned', lines({}));
    await rig.firstSync(connectorId);
    await rig.world('turned', lines());
    expect((await rig.sync(connectorId)).counts).toMatchObject({ live: 2, blocked: 1 });
    expect((await rig.books(world))['SKU-0002']).toMatchObject({ quantity: 10, puts: 1, patches: 0 });
    await rig.control('POST', 'worlds/turned/skus/SKU-0002', { quantity: 0 });
    expect((await rig.sync(connectorId)).counts).toMatchObject({ live: 2, blocked: 1 });
    expect((await rig.books(world))['SKU-0002']).toMatchObject({ quantity: 0, puts: 1, patches: 1 });
  });

  it('asks for nothing that is missing when required values are not enforced, and still stops what is wrong', async () => {
    const { connectorId } = await ready('lenient', lines(), (input) => {
      input.listing = { sendKits: false, appliedRequirements: 'NOT_ENFORCED' };
    });
    await rig.firstSync(connectorId);
    const { problems } = await rig.listing(connectorId, 'SKU-0002');
    expect(problems.map(({ attributes }) => attributes)).toEqual([['item_name']]);
  });

  it('shows what our own rules find beside what the definition finds', async () => {
    const nameless = lines().map((line, index) => (index === 1 ? { ...line, descriptionHtml: '' } : line));
    const { connectorId } = await ready('both', nameless);
    await rig.firstSync(connectorId);
    const { problems } = await rig.listing(connectorId, 'SKU-0002');
    expect(problems.map(({ attributes }) => attributes?.[0])).toEqual(['product_description', 'item_name', 'material']);
    expect(problems[0]?.message).toBe('It has no description; write one in the source.');
  });
});
