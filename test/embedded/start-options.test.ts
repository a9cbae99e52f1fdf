import fs from 'node:fs';
import path from 'node:path';
import { parseStartOptions } from '../../embedded/start-options';
import { clearScratch, scratch } from './scratch';

afterEach(clearScratch);

const file = (content: string) => {
  const { dataDir } = scratch();
  fs.writeFileSync(path.join(dataDir, 'catalog.jsonl'), content);
  return [dataDir, 'catalog.jsonl'] as const;
};

describe('the options of npm start', () => {
  it('are all optional', () => {
    expect(parseStartOptions([], '/')).toEqual({ once: false, json: false, help: false });
  });

  it('are read', () => {
    const [cwd, name] = file('{"a":1}\n\n{"b":2}\n');
    expect(parseStartOptions(['--once', '--json', '--sku-limit', '7', '--catalog', name], cwd)).toEqual({
      once: true,
      json: true,
      help: false,
      skuLimit: 7,
      catalog: path.join(cwd, name),
    });
  });

  it.each([
    [['--bogus'], "Unknown option '--bogus'"],
    [['left-over'], "unexpected argument 'left-over'"],
    [['--once=yes'], "Option '--once' does not take an argument"],
    [['--sku-limit', '0'], "--sku-limit wants a whole number above 0, and '0' is not one"],
    [['--sku-limit', '1.5'], "'1.5' is not one"],
    [['--sku-limit', '1e3'], "'1e3' is not one"],
    [['--sku-limit=-3'], "'-3' is not one"],
    [['--sku-limit'], "Option '--sku-limit <value>' argument missing"],
    [['--catalog', 'missing.jsonl'], '--catalog wants a file, and missing.jsonl is not one'],
    [['--catalog', '/'], '--catalog wants a file, and / is not one'],
  ])('%p are refused', (args, message) => {
    expect(() => parseStartOptions(args, '/')).toThrow(message);
  });

  it('name the line of a catalogue that is not JSON', () => {
    const [cwd, name] = file('{"a":1}\n{"b":\n');
    expect(() => parseStartOptions(['--catalog', name], cwd)).toThrow('line 2 is not a JSON object');
  });

  it('name the line of a catalogue that is JSON but no product', () => {
    const [cwd, name] = file('{"a":1}\n\n[1]\n');
    expect(() => parseStartOptions(['--catalog', name], cwd)).toThrow('line 3 is not a JSON object');
  });

  it('refuse an empty catalogue', () => {
    const [cwd, name] = file('\n');
    expect(() => parseStartOptions(['--catalog', name], cwd)).toThrow('holds no products');
  });
});
