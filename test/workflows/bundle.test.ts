import { readFileSync } from 'node:fs';

/** The modules of the bundle that the tests' workers run, as webpack names them above each; `(ignored)` ones are empty. */
function modulesOfBundle(): string[] {
  const code = readFileSync(process.env.TEST_WORKFLOW_BUNDLE ?? '', 'utf8');
  return [...code.matchAll(/^ {2}!\*\*\* (.+) \*\*\*!$/gm)].map(([, name]) => name!);
}

describe('the workflow bundle', () => {
  const modules = modulesOfBundle();
  const ours = modules.filter((path) => path.startsWith('./') && !path.startsWith('./node_modules/'));
  const packages = new Set(modules.flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []));

  it('holds every workflow', () => {
    for (const name of [
      'amazon-order',
      'catalog-sync',
      'connector-activation',
      'connector-onboarding',
      'connector-removal',
      'credential-clock',
      'order-watch',
    ])
      expect(ours).toContain(`./workflows/${name}.ts`);
  });

  it('holds of ours the workflows, the domain and the failure converter, and nothing that does I/O', () => {
    const others = ours.filter((path) => !/^\.\/(workflows|domain)\//.test(path));
    expect(others).toEqual(['./adapters/temporal/failure-converter.ts']);
  });

  it("holds of others' only what Temporal needs in a workflow", () => {
    expect([...packages].sort()).toEqual(['@temporalio/common', '@temporalio/workflow', 'long', 'ms', 'nexus-rpc']);
  });

  it.each(['zod', 'mongoose', 'mongodb', 'axios', 'pino', 'express', '@temporalio/client', '@temporalio/activity'])(
    'holds no %s',
    (name) => {
      expect(packages).not.toContain(name);
    }
  );

  it('holds nothing that webpack or Temporal would leave out in silence, such as a built-in module of Node', () => {
    const known = ['__temporal_custom_payload_converter (ignored)'];
    const strangers = modules.filter((name) => !name.startsWith('./') || name.endsWith('(ignored)'));
    expect(strangers.filter((name) => !known.includes(name))).toEqual([]);
  });
});
