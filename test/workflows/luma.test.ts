import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { putAttributes } from '../../domain/listing-changes';
import { parentModel } from '../../models/listings';
import { itWithLuma, LUMA } from '../e2e/luma';
import { Rig, type AmazonBook, type World } from './rig';

jest.setTimeout(420_000);

/** How long a sync of everything may take, in seconds. */
const SYNC_BOUND = 360;

/** The kit of the catalogue. It has no price of its own: only a VTEX store makes one of what its components cost. */
const KIT = '24-WG080';

/** What no source says is where images lie: they are compared as if all of them lay here. */
const IMAGES = 'https://images.example';

interface SalesLayerWorld extends World {
  salesLayer: { connectorCode: string; secretKey: string };
}

/** One way for the catalogue into a connector. */
interface Way {
  name: string;
  /** The connector's source; the VTEX store of the world unless given. */
  source?: (world: SalesLayerWorld) => object;
  images: (world: World) => string;
}

const inFile = (more: object): Omit<Way, 'name'> => ({
  source: () => ({ type: 'file', imageBaseUrl: IMAGES, ...more }),
  images: () => IMAGES,
});

const JSON_LINES: Way = { name: 'lines', ...inFile({ path: LUMA.file }) };
const VTEX: Way = { name: 'vtex', images: ({ vtex }) => `http://${vtex.account}.vteximg.com.br/arquivos/ids` };
const OTHERS: Way[] = [
  // The raw export names no brand.
  { name: 'csv', ...inFile({ path: dirname(LUMA.file), format: 'csv', defaults: { brand: 'Luma' } }) },
  // Through its connector API; that the REST catalogue gives the same items is held by the tests of its adapter.
  {
    name: 'saleslayer',
    source: ({ salesLayer: { connectorCode, secretKey } }) => ({ type: 'saleslayer', connectorCode, secretKey }),
    images: ({ vtex }) => `https://media.saleslayer.example/${vtex.account}`,
  },
];

/** What Amazon has, or is to have, of one SKU. */
interface Payload {
  productType: string;
  requirements: string;
  attributes: Record<string, unknown>;
}
type Payloads = Record<string, Payload>;

describe("a real store's catalogue", () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await Rig.start({
      sandbox: { rateFactor: 10_000, visibleAfterMs: 10 },
      env: { VERIFY_WAIT_SECONDS: '120', HTTP_TIMEOUT_SECONDS: '30' },
    });
  });
  afterAll(() => rig.stop());

  itWithLuma('is at Amazon what JSON lines, a raw Magento export, VTEX and Sales Layer want', async () => {
    const [sent, vtex, ...others] = await Promise.all([
      send(rig, JSON_LINES),
      ...[VTEX, ...OTHERS].map((way) => preview(rig, way)),
    ]);
    const sold = Object.values(sent.payloads).filter(({ attributes }) => !isParent(attributes));
    expect([sold.length, sent.states]).toEqual([LUMA.skus - LUMA.kits, { live: sold.length, blocked: LUMA.kits }]);

    for (const { name, payloads, states } of others) {
      expect([name, differences(sent.payloads, payloads)]).toEqual([name, []]);
      expect([name, states]).toEqual([name, { pending: sold.length, blocked: LUMA.kits }]);
    }
    const { [KIT]: kit, ...soldByVtex } = vtex!.payloads;
    expect(differences(sent.payloads, soldByVtex)).toEqual([]);
    expect(vtex!.states).toEqual({ pending: LUMA.skus });
    expect(kit?.attributes).toMatchObject({
      purchasable_offer: [{ our_price: [{ schedule: [{ value_with_tax: 61 }] }] }],
      fulfillment_availability: [{ quantity: 100 }],
    });
  });
});

/** What became of the catalogue: how many SKUs are in each state, and the payload of each. */
interface Outcome {
  name: string;
  states: Record<string, number>;
  payloads: Payloads;
}

/** The catalogue through a first sync: what Amazon has then, parents among it. */
async function send(rig: Rig, way: Way): Promise<Outcome> {
  const { world, connectorId } = await connected(rig, way);
  await rig.firstSync(connectorId, SYNC_BOUND);
  const books = (await rig.books(world)) as Record<string, AmazonBook & Payload>;
  return { name: way.name, states: await statesOf(rig, connectorId), payloads: compared(books, way.images(world)) };
}

/** The catalogue through a preview: what Amazon would be sent, the bodies of the PUTs. */
async function preview(rig: Rig, way: Way): Promise<Outcome> {
  const { world, connectorId } = await connected(rig, way);
  await rig.sync(connectorId, SYNC_BOUND, { mode: 'preview' });
  const parents = await parentModel(rig.database).find({ connectorId }).lean();
  const wouldBeSent = [...(await rig.listings(connectorId)), ...parents].flatMap(({ sku, wanted }) =>
    wanted ? [[sku, { ...wanted, attributes: putAttributes(wanted) }] as const] : []
  );
  const payloads = compared(Object.fromEntries(wouldBeSent), way.images(world));
  return { name: way.name, states: await statesOf(rig, connectorId), payloads };
}

async function connected(rig: Rig, { name, source }: Way): Promise<{ world: World; connectorId: string }> {
  const world = await rig.control<SalesLayerWorld>('PUT', `worlds/${name}`, { catalogPath: LUMA.file });
  const connectorId = await rig.insertConnector(world, (input) => {
    if (source) input.source = { ...source(world) };
    input.listing = { sendKits: true, skuLimit: 5_000 };
  });
  await rig.onboard(connectorId);
  return { world, connectorId };
}

async function statesOf(rig: Rig, connectorId: string): Promise<Record<string, number>> {
  const states: Record<string, number> = {};
  for (const { state } of await rig.listings(connectorId)) states[state] = (states[state] ?? 0) + 1;
  return states;
}

/** What is compared, with its images where those of all others lie. */
function compared(all: Record<string, Payload>, images: string): Payloads {
  const parts = Object.entries(all).map(([sku, { productType, requirements, attributes }]): [string, Payload] => [
    sku,
    { productType, requirements, attributes },
  ]);
  return JSON.parse(JSON.stringify(Object.fromEntries(parts)).replaceAll(images, IMAGES)) as Payloads;
}

function isParent({ parentage_level }: Record<string, unknown>): boolean {
  return (parentage_level as { value: string }[] | undefined)?.[0]?.value === 'parent';
}

/** What two sets of payloads tell differently, SKU by SKU: `MH01-S-Black: item_weight`. The first few of it. */
function differences(one: Payloads, other: Payloads): string[] {
  const skus = [...new Set([...Object.keys(one), ...Object.keys(other)])].sort();
  const found = skus.flatMap((sku) => {
    const [here, there] = [one[sku], other[sku]];
    if (!here || !there) return [`${sku}: is in one of them only`];
    if (isDeepStrictEqual(here, there)) return [];
    const names = new Set([...Object.keys(here.attributes), ...Object.keys(there.attributes)]);
    const unlike = [...names].filter((name) => !isDeepStrictEqual(here.attributes[name], there.attributes[name]));
    return [`${sku}: ${unlike.join(', ') || 'product type or requirements'}`];
  });
  return found.slice(0, 10);
}
