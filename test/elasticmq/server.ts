import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SendMessageCommand,
  SQSClient,
  type QueueAttributeName,
} from '@aws-sdk/client-sqs';
import { findOnPath } from '../../embedded/executables';
import { dataDirOf } from '../../embedded/places';
import { choosePort, LOOPBACK } from '../../embedded/ports';
import { Processes, whenReady } from '../../embedded/processes';

const POM = join(__dirname, 'pom.xml');
/** How long Maven may take to bring the server, and the server to start on a busy machine, in milliseconds. */
const MAVEN_BOUND_MS = 300_000;
const START_BOUND_MS = 90_000;
const MAIN = 'org.elasticmq.server.Main';
const REGION = 'elasticmq';
/** What makes Java start sooner and stay small. */
const JAVA_FLAGS = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xshare:auto', '-Xmx192m'];

/** ElasticMQ: a queue server that Amazon's own client works with. Its queues are gone with it. */
export interface QueueServer {
  port: number;
  /** For `SQS_ENDPOINT` and `SQS_REGION`. */
  endpoint: string;
  region: string;
  /**
   * Makes a queue, or finds it.
   *
   * @param visibilitySeconds - how long a message that was received stays hidden, where whoever receives it does not say.
   * @returns its URL.
   */
  createQueue: (name: string, visibilitySeconds?: number) => Promise<string>;
  /** Puts any text in a queue, be it no notification at all. */
  send: (queueUrl: string, body: string) => Promise<void>;
  /** How many messages wait in a queue, and how many were received and not deleted yet. */
  count: (queueUrl: string) => Promise<{ waiting: number; inFlight: number }>;
  stop: () => Promise<void>;
}

/**
 * Starts ElasticMQ on a port of its own. Maven brings it once. Keys for Amazon's client are put into the environment where there are
 * none: it signs with whatever it finds.
 *
 * @param port - where one ran before that is to come back; any free one unless given.
 */
export async function startElasticMq(port?: number): Promise<QueueServer> {
  process.env.AWS_ACCESS_KEY_ID ??= 'test';
  process.env.AWS_SECRET_ACCESS_KEY ??= 'test';
  const java = findOnPath('java', process.env);
  if (!java) throw new Error('ElasticMQ needs Java, and there is none on PATH: install it.');
  const jars = await jarsByMaven();
  const at = port ?? (await choosePort('sandbox', 0, () => {}));
  const logs = mkdtempSync(join(tmpdir(), 'longshore-elasticmq-'));
  const processes = new Processes(logs);
  const settings = { 'rest-sqs.bind-hostname': LOOPBACK, 'rest-sqs.bind-port': at, 'rest-stats.enabled': false };
  const address = { 'node-address.host': LOOPBACK, 'node-address.port': at };
  const service = await processes.start({
    name: 'elasticmq',
    command: java,
    args: [
      ...JAVA_FLAGS,
      ...Object.entries({ ...settings, ...address }).map(([name, value]) => `-D${name}=${value}`),
      '-cp',
      join(jars, '*'),
      MAIN,
    ],
  });
  const endpoint = `http://${LOOPBACK}:${at}`;
  async function stop(): Promise<void> {
    await processes.stopAll();
    rmSync(logs, { recursive: true, force: true });
  }
  try {
    await whenReady(service, () => fetch(`${endpoint}/?Action=ListQueues`), START_BOUND_MS);
  } catch (error) {
    await stop();
    throw error;
  }
  return serverAt(at, endpoint, stop);
}

function serverAt(port: number, endpoint: string, end: () => Promise<void>): QueueServer {
  const client = new SQSClient({ endpoint, region: REGION, maxAttempts: 1 });
  return {
    port,
    endpoint,
    region: REGION,
    async createQueue(name, visibilitySeconds = 30) {
      const Attributes = { VisibilityTimeout: String(visibilitySeconds) };
      const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: name, Attributes }));
      return QueueUrl!;
    },
    async send(queueUrl, body) {
      await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body }));
    },
    async count(queueUrl) {
      const names: QueueAttributeName[] = [
        'ApproximateNumberOfMessages',
        'ApproximateNumberOfMessagesNotVisible',
        'ApproximateNumberOfMessagesDelayed',
      ];
      const { Attributes = {} } = await client.send(
        new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: names })
      );
      const [waiting, inFlight, delayed] = names.map((name) => Number(Attributes[name] ?? 0));
      return { waiting: waiting! + delayed!, inFlight: inFlight! };
    },
    async stop() {
      client.destroy();
      await end();
    },
  };
}

/** @returns the folder of the server's jars. */
async function jarsByMaven(): Promise<string> {
  const folder = join(dataDirOf(process.env), 'bin', 'elasticmq');
  const jars = join(folder, 'lib');
  const wanted = readFileSync(POM, 'utf8');
  const areThere = (): boolean => existsSync(jars) && readFileSync(join(folder, 'pom.xml'), 'utf8') === wanted;
  if (areThere()) return jars;
  const maven = findOnPath('mvn', process.env);
  if (!maven) throw new Error('ElasticMQ is brought by Maven, and there is none on PATH: install it.');
  const fresh = `${folder}.${process.pid}`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${join(fresh, 'lib')}`];
  await promisify(execFile)(maven, ['-q', '-B', '-f', POM, ...goal], { timeout: MAVEN_BOUND_MS });
  writeFileSync(join(fresh, 'pom.xml'), wanted);
  if (areThere()) rmSync(fresh, { recursive: true });
  else {
    rmSync(folder, { recursive: true, force: true });
    renameSync(fresh, folder);
  }
  return jars;
}
