/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  modulePathIgnorePatterns: ['<rootDir>/.longshore', '<rootDir>/dist'],
  clearMocks: true,
  testTimeout: 60_000,
  // Most tests wait for timers and servers more than they compute.
  maxWorkers: 3,
  // A worker that has loaded many suites is slow to collect its garbage, and some tests collect it often.
  workerIdleMemoryLimit: '512MB',
  globalSetup: '<rootDir>/test/setup.ts',
  globalTeardown: '<rootDir>/test/teardown.ts',
};
