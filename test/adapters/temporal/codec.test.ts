import { ApplicationFailure, defaultPayloadConverter, type Payload } from '@temporalio/common';
import fc from 'fast-check';
import { createKeyring } from '../../../adapters/secrets/keyring';
import { createPayloadCodec, isEncrypted } from '../../../adapters/temporal/codec';
import { failureConverter } from '../../../adapters/temporal/failure-converter';

const keyOf = (fill: number): string => Buffer.alloc(32, fill).toString('base64');
const OLD = createKeyring(`old:${keyOf(1)}`);
const NEW = createKeyring(`new:${keyOf(2)},old:${keyOf(1)}`);

const plainOf = (value: unknown): Payload => defaultPayloadConverter.toPayload(value)!;
const valueOf = (payload: Payload): unknown => defaultPayloadConverter.fromPayload(payload);
const textOf = (payload: Payload): string =>
  [payload.data, ...Object.values(payload.metadata ?? {})]
    .map((each) => Buffer.from(each ?? []).toString('latin1'))
    .join(' ');

describe('the payload codec', () => {
  const codec = createPayloadCodec(NEW);

  it('gives back what it was given, whatever that is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue()), async (values) => {
        const encoded = await codec.encode(values.map(plainOf));
        const decoded = await codec.decode(encoded);
        expect(decoded.map(valueOf)).toEqual(values.map((each) => valueOf(plainOf(each))));
      })
    );
    const binary = [plainOf(Uint8Array.from([0, 255, 1])), plainOf(undefined), {}];
    expect((await codec.decode(await codec.encode(binary))).map((each) => each.data?.length ?? 0)).toEqual([3, 0, 0]);
  });

  it("shows nothing of a payload but its key's id, under the names that Temporal's samples use", async () => {
    const [encoded] = await codec.encode([plainOf({ connectorId: 'con_0123456789' })]);
    expect(Object.keys(encoded!.metadata!).sort()).toEqual(['encoding', 'encryption-key-id']);
    expect(Buffer.from(encoded!.metadata!.encoding!).toString()).toBe('binary/encrypted');
    expect(Buffer.from(encoded!.metadata!['encryption-key-id']!).toString()).toBe('new');
    expect(textOf(encoded!)).not.toMatch(/con_|json/);
  });

  it('passes what it has not encrypted, as in histories from before', async () => {
    const plain = plainOf({ connectorId: 'con_1' });
    expect(isEncrypted(plain)).toBe(false);
    expect(await codec.decode([plain])).toEqual([plain]);
  });

  it('decodes what an older key has encrypted, and names a key that is gone', async () => {
    const old = await createPayloadCodec(OLD).encode([plainOf('from before')]);
    expect((await codec.decode(old)).map(valueOf)).toEqual(['from before']);
    const withoutOld = createPayloadCodec(createKeyring(`new:${keyOf(2)}`));
    await expect(withoutOld.decode(old)).rejects.toThrow("The keyring has no key 'old'");
  });

  it('refuses what was changed', async () => {
    const [encoded] = await codec.encode([plainOf('x')]);
    const data = Buffer.from(encoded!.data!);
    data[data.length - 1]! ^= 1;
    await expect(codec.decode([{ ...encoded, data }])).rejects.toThrow(/cannot be opened/);
    await expect(codec.decode([{ metadata: encoded!.metadata }])).rejects.toThrow(/cannot be opened/);
  });

  it('does not open a sealed secret, and no payload is one', async () => {
    const { box } = NEW.seal('Atzr|top-secret');
    const [encoded] = await codec.encode([plainOf('x')]);
    await expect(codec.decode([{ ...encoded, data: Buffer.from(box, 'base64') }])).rejects.toThrow(/cannot be opened/);
    expect(() => NEW.open({ keyId: 'new', box: Buffer.from(encoded!.data!).toString('base64') })).toThrow(
      /cannot be opened/
    );
  });
});

describe('failures', () => {
  const cause = new Error('refused amzn1.oa2-cs.v1.0123456789abcdef');
  const thrown = ApplicationFailure.create({
    type: 'bug',
    message: 'sent Atzr|IwEBIabcdef to https://ops:hunter22@mail.example.com',
    cause,
  });

  it('are written without message and stack in the open', () => {
    const failure = failureConverter.errorToFailure(thrown, defaultPayloadConverter);
    for (const each of [failure, failure.cause!]) {
      expect([each.message, each.stackTrace]).toEqual(['Encoded failure', '']);
      expect(each.encodedAttributes).toBeDefined();
    }
  });

  it('hold nothing that is shaped like a secret, however deep', () => {
    const failure = failureConverter.errorToFailure(thrown, defaultPayloadConverter);
    const read = failureConverter.failureToError(failure, defaultPayloadConverter);
    expect(read.message).toBe('sent [secret] to https://[secret]@mail.example.com');
    expect((read.cause as Error).message).toBe('refused [secret]');
    expect(`${read.stack} ${(read.cause as Error).stack}`).not.toMatch(/Atzr|oa2-cs|hunter22/);
  });

  it('say the same when they are thrown on', () => {
    const first = failureConverter.errorToFailure(thrown, defaultPayloadConverter);
    const read = failureConverter.failureToError(first, defaultPayloadConverter);
    for (const _ of [1, 2]) {
      const again = failureConverter.errorToFailure(read, defaultPayloadConverter);
      expect(failureConverter.failureToError(again, defaultPayloadConverter).message).toBe(read.message);
    }
  });

  it('from before, in the open, are read as they are', () => {
    const read = failureConverter.failureToError({ message: 'plain', source: 'x' }, defaultPayloadConverter);
    expect(read.message).toBe('plain');
  });
});
