import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { findOnPath } from '../../embedded/executables';
import { dataDirOf } from '../../embedded/places';

const POM = join(__dirname, 'pom.xml');
/** How long Maven may take to bring the server, in milliseconds. */
const MAVEN_BOUND_MS = 300_000;
/** The SDK gives a server five seconds to start, and a busy machine may need more for the first ones. */
const TRIES = 4;
/** What makes Java start sooner. */
const JAVA_FLAGS = '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto';

/**
 * Temporal's time-skipping server, on a port of its own: it moves its clock to the next timer while no workflow or activity
 * is at work. `TEMPORAL_TEST_SERVER` names its program; otherwise Maven brings it once, and without Java and Maven the SDK
 * downloads it. Ends with `teardown()`.
 */
export async function startTimeSkipping(): Promise<TestWorkflowEnvironment> {
  const path = process.env.TEMPORAL_TEST_SERVER ?? (await programByMaven());
  if (path) return startedInTries(path);
  return TestWorkflowEnvironment.createTimeSkipping().catch((error: Error) => {
    throw new Error(
      `Temporal's time-skipping server could not be had: there is no Java with Maven, and the SDK's download failed (${error.message}). Install both, or set TEMPORAL_TEST_SERVER to its program.`
    );
  });
}

async function startedInTries(path: string): Promise<TestWorkflowEnvironment> {
  for (let attempt = 1; ; attempt += 1)
    try {
      return await TestWorkflowEnvironment.createTimeSkipping({
        server: { executable: { type: 'existing-path', path } },
      });
    } catch (error) {
      if (attempt === TRIES || !/did not start within/.test((error as Error).message)) throw error;
    }
}

async function programByMaven(): Promise<string | undefined> {
  const java = findOnPath('java', process.env);
  const maven = findOnPath('mvn', process.env);
  if (!java) return undefined;
  const folder = join(dataDirOf(process.env), 'bin', 'temporal-test-server');
  const program = join(folder, 'temporal-test-server');
  const wanted = readFileSync(POM, 'utf8');
  if (existsSync(program) && readFileSync(join(folder, 'pom.xml'), 'utf8') === wanted) return program;
  if (!maven) return undefined;
  const fresh = `${folder}.${process.pid}`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${join(fresh, 'lib')}`];
  await promisify(execFile)(maven, ['-q', '-B', '-f', POM, ...goal], { timeout: MAVEN_BOUND_MS });
  const classes = join(folder, 'lib', '*');
  const run = `exec '${java}' ${JAVA_FLAGS} -cp '${classes}' io.temporal.testserver.TestServer "$@"`;
  writeFileSync(join(fresh, 'temporal-test-server'), `#!/bin/sh\n${run} 2>'${join(folder, 'server.log')}'\n`);
  chmodSync(join(fresh, 'temporal-test-server'), 0o755);
  writeFileSync(join(fresh, 'pom.xml'), wanted);
  rmSync(folder, { recursive: true, force: true });
  renameSync(fresh, folder);
  return program;
}
