/** The arrows of docs/architecture.md: what may import what. @type {import('dependency-cruiser').IConfiguration} */
const folders = 'workflows|activities|worker|api|models|domain|adapters|config|console|sandbox|embedded|bench';
const only = (from, allowed, comment) => ({
  name: `${from}-imports`,
  comment,
  severity: 'error',
  from: { path: `^${from}/` },
  to: { path: `^(${folders})/`, pathNot: `^(${[from, ...allowed].join('|')})/` },
});

module.exports = {
  forbidden: [
    {
      name: 'workflows-imports',
      comment:
        'Workflow code sees the domain, the workflow library, and types. What its bundle really holds is tested in test/workflows/bundle.test.ts.',
      severity: 'error',
      from: { path: '^workflows/' },
      to: { pathNot: '^(workflows|domain)/|^node_modules/@temporalio/workflow', dependencyTypesNot: ['type-only'] },
    },
    only('activities', ['domain', 'models'], 'Activities see ports and models; the outside world is passed in.'),
    only('adapters', ['domain'], 'Adapters know the domain, and nobody else.'),
    {
      name: 'api-imports',
      comment: 'The API knows domain, models and ports. Its main builds the adapters.',
      severity: 'error',
      from: { path: '^api/', pathNot: '^api/main\\.ts$' },
      to: { path: `^(${folders})/`, pathNot: '^(api|domain|models)/' },
    },
    only('models', ['domain'], 'Models know the domain.'),
    only('domain', [], 'Pure rules know nobody.'),
    only('config', [], 'The environment is parsed without knowing who wants it.'),
    only('sandbox', ['domain'], 'The stand-ins share nothing with the service but types.'),
    only('console', ['domain'], 'The console shares nothing with the service but types.'),
    {
      name: 'sandbox-takes-types',
      comment: 'The stand-ins must not agree with the service by sharing its code.',
      severity: 'error',
      from: { path: '^(sandbox|console)/' },
      to: { path: '^domain/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'nobody-imports-worker-or-api',
      severity: 'error',
      from: { path: `^(${folders})/`, pathNot: '^(worker|api|embedded|bench)/' },
      to: { path: '^(worker|api)/' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, path: `^(${folders})/`, pathNot: '/main\\.ts$|\\.d\\.ts$' },
      to: {},
    },
    {
      name: 'no-dev-dependencies',
      comment: 'What runs in production is in dependencies.',
      severity: 'error',
      from: { path: '^(workflows|activities|worker|api|models|domain|adapters|config)/' },
      to: { dependencyTypes: ['npm-dev'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(test|\\.longshore)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['require', 'node', 'default', 'types'] },
  },
};
