import { ENDPOINTS } from '../../api/endpoints';
import { isObject } from '../../api/merge-patch';
import { ApiUnderTest } from './api-under-test';
import { ajv, DOCUMENT } from './documented-answers';
import { salesLayerConnector, vtexConnector } from './samples';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await ApiUnderTest.start();
});
afterAll(async () => {
  await api.stop();
});

/** Every object anywhere in the document, with where it is. */
function* objectsIn(value: unknown, at = '#'): Generator<[string, Record<string, unknown>]> {
  if (Array.isArray(value)) for (const [index, each] of value.entries()) yield* objectsIn(each, `${at}/${index}`);
  if (!isObject(value)) return;
  yield [at, value];
  for (const [key, each] of Object.entries(value)) yield* objectsIn(each, `${at}/${key}`);
}

function resolve(ref: string): unknown {
  return ref
    .slice(2)
    .split('/')
    .reduce<unknown>((value, key) => (isObject(value) ? value[key] : undefined), DOCUMENT);
}

const operations = Object.entries(DOCUMENT.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const)
);

describe('the OpenAPI document', () => {
  it('is served as it is generated, to anybody', async () => {
    const { status, body } = await api.get('/openapi.json', { key: null });
    expect(status).toBe(200);
    expect(body).toEqual(JSON.parse(JSON.stringify(DOCUMENT)));
    expect(body.openapi).toBe('3.1.0');
  });

  it('holds only references that lead somewhere, and only schemas that are JSON Schema 2020-12', () => {
    for (const [at, each] of objectsIn(DOCUMENT))
      if (typeof each.$ref === 'string')
        expect([at, each.$ref, resolve(each.$ref) !== undefined]).toEqual([at, each.$ref, true]);
    for (const [name, schema] of Object.entries(DOCUMENT.components.schemas)) {
      expect([name, ajv.validateSchema(schema as object)]).toEqual([name, true]);
      ajv.compile({ $ref: `api#/components/schemas/${name}` });
    }
  });

  it('names every operation once, and every path parameter', () => {
    const names = operations.map(([, { operationId }]) => operationId);
    expect(new Set(names).size).toBe(names.length);
    for (const [what, { parameters = [] }] of operations) {
      const inPath = [...what.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect(parameters.filter((each) => each.in === 'path').map(({ name }) => name)).toEqual(inPath);
    }
  });

  it('documents every endpoint, and no other', () => {
    expect(operations.map(([what]) => what).sort()).toEqual(
      ENDPOINTS.map(({ method, path }) => `${method.toUpperCase()} ${path}`).sort()
    );
  });

  it.each(operations.map(([what]) => what))('documents %s, which exists', async (what) => {
    const [method, path] = what.split(' ') as [string, string];
    const there = path.replace(/\{\w+\}/g, 'x');
    const options = await api.request('OPTIONS', there);
    expect(options.headers.get('allow')!.split(', ')).toContain(method);
  });

  it.each(operations)('says for %s whether a key is needed, and what refusals look like', (_what, operation) => {
    const isPublic = operation.security.length === 0;
    expect('401' in operation.responses).toBe(!isPublic);
    for (const [status, { content }] of Object.entries(operation.responses))
      if (Number(status) >= 400 && Number(status) !== 503)
        expect(Object.keys(content ?? {})).toEqual(['application/problem+json']);
  });

  it('accepts, as a schema, the connectors that the API accepts', () => {
    const validate = ajv.compile({ $ref: 'api#/components/schemas/ConnectorInput' });
    for (const wanted of [vtexConnector(), salesLayerConnector()])
      expect([validate(JSON.parse(JSON.stringify(wanted))), validate.errors]).toEqual([true, null]);
    expect(validate({ name: 'x' })).toBe(false);
  });

  it('gives an example of every body, which the API accepts', async () => {
    const connectorId = await api.connector('active', vtexConnector({ source: { affiliateId: 'SPT' } }));
    const hook = (await api.get(`/v1/connectors/${connectorId}/hook`)).body;
    const token = String(hook.endpoint).split('/').at(-1)!;
    for (const { method, path, body } of ENDPOINTS.filter(
      (each) => each.body?.contentTypes === undefined && each.body
    )) {
      expect([path, body!.example !== undefined]).toEqual([path, true]);
      const there = path
        .replace('{connectorId}', connectorId)
        .replace('{productType}', 'SHIRT')
        .replace('{token}', token);
      const { status } = await api.request(method.toUpperCase(), there, { body: body!.example });
      // What an example is about may be missing here, or need Amazon; its form is right all the same.
      expect([path, status, status < 400 || [404, 409, 503].includes(status)]).toEqual([path, status, true]);
    }
  });

  it('marks secrets as write-only', () => {
    const secrets = [...objectsIn(DOCUMENT.components.schemas.ConnectorInput)]
      .filter(([, each]) => each.writeOnly === true)
      .map(([at]) => at.split('/').at(-1));
    expect(secrets.sort()).toEqual(['apiKey', 'appToken', 'clientSecret', 'refreshToken', 'secretKey']);
  });
});
