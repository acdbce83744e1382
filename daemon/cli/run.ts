// `parlmesh run`: loads the configuration, takes the data folder, runs the node until it is told to stop.

import { hostname } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../../core/errors.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { withDrawnAreas } from '../cameras/drawn-areas.ts';
import { systemClock, systemRandom } from '../clock.ts';
import { lockDataDir, resolveDataDir } from '../config/data-dir.ts';
import { type LoadedConfig, loadConfig } from '../config/load.ts';
import { nodeNameOf } from '../config/node-name.ts';
import { detectProfile } from '../hardware/detect.ts';
import { showProfile } from '../hardware/profiles.ts';
import { createLogger, type RootLogger } from '../log.ts';
import { ParlmeshNode } from '../node.ts';
import { loadIdentity } from '../security/identity.ts';
import { SystemdNotifier, wasStartedBySystemd } from '../systemd.ts';

export interface RunOptions {
  /** Configuration file. */
  config?: string;
  /** Settings from the command line: dotted path -> text. */
  flags: Record<string, string>;
}

/** The unit does not start it again for the first, and does for the second. */
const EXIT_CODES: Record<string, number> = { battery: 3, repair: 4 };

/**
 * Runs until SIGTERM or SIGINT; SIGHUP reloads. Resolves to the exit code. Rejects when the node cannot start:
 * CONFIG_INVALID, DATA_DIR_IN_USE, or the cause of a required service.
 */
export async function run(options: RunOptions, env: NodeJS.ProcessEnv): Promise<number> {
  const read = (): LoadedConfig => loadConfig({ file: options.config, env, flags: options.flags });
  const first = read();
  const logger = createLogger(first.config.log.level);
  const dataDir = resolveDataDir(first.config, env);
  const load = (): LoadedConfig => withDrawnAreas(read(), dataDir);
  const loaded = withDrawnAreas(first, dataDir);
  // The service's runtime folder is open to its group, the data folder to nobody; `--data-dir` names both places.
  const runtimeDir = options.flags.dataDir === undefined ? env.RUNTIME_DIRECTORY?.split(':')[0] : undefined;
  const lock = lockDataDir(dataDir);
  try {
    const named = loaded.config.profile;
    const profile =
      named === undefined
        ? detectProfile({ root: loaded.config.hardware.root })
        : { profile: showProfile(named), reason: 'The configuration names it.' };
    logger.info(
      { profile: profile.profile.name, dataDir, config: loaded.file ?? 'none' },
      `parlmesh ${packageJson.version} starts on ${nodeNameOf(loaded.config.name ?? hostname())}`,
    );
    const stopping = new AbortController();
    const node = new ParlmeshNode({
      loaded,
      loadAgain: load,
      profile,
      dataDir,
      socketPath: join(runtimeDir || dataDir, 'parlmesh.sock'),
      key: await loadIdentity(dataDir),
      version: packageJson.version,
      clock: systemClock,
      random: systemRandom(),
      logger,
      end: (why) => stopping.abort(why),
      isRestarted: wasStartedBySystemd(env),
    });
    const systemd = new SystemdNotifier({ env, clock: systemClock, logger });
    await untilStopped(node, systemd, logger, stopping);
    return EXIT_CODES[String(stopping.signal.reason)] ?? 0;
  } finally {
    lock.release();
  }
}

async function untilStopped(
  node: ParlmeshNode,
  systemd: SystemdNotifier,
  logger: RootLogger,
  stopping: AbortController,
): Promise<void> {
  const stop = (signal: NodeJS.Signals): void => {
    logger.info({ signal }, 'stopping');
    stopping.abort(signal);
  };
  const reload = (): void => {
    node.reload().then(
      ({ applied, needRestart }) => logger.info({ applied, needRestart }, 'configuration read again'),
      (thrown: unknown) =>
        logger.error({ cause: messageOf(thrown) }, 'the configuration was not taken; the old one stays'),
    );
  };
  const onStray = (thrown: unknown): void => node.reportStray(thrown);
  process.once('SIGTERM', stop).once('SIGINT', stop).on('SIGHUP', reload).on('unhandledRejection', onStray);
  // The node waits on timers that do not hold the process: this one does, until it is told to stop.
  const holding = setInterval(() => {}, 2 ** 30);
  try {
    await node.start(stopping.signal);
    greet(node, logger);
    systemd.ready(node.view.node().health.sentence);
    const unfollow = node.view.follow(({ topic }) => {
      if (topic === 'node') systemd.status(node.view.node().health.sentence);
    });
    await aborted(stopping.signal);
    unfollow();
  } catch (thrown) {
    if (!stopping.signal.aborted) throw thrown;
  } finally {
    systemd.stopping();
    await node.stop();
    clearInterval(holding);
    endAnyway(logger);
    process.off('SIGHUP', reload).off('SIGTERM', stop).off('SIGINT', stop).off('unhandledRejection', onStray);
  }
}

function greet(node: ParlmeshNode, logger: RootLogger): void {
  const { addresses, name, health } = node.view.node();
  for (const page of addresses.page) logger.info({}, `page of ${name}: ${page}`);
  logger.info({ broker: addresses.broker ?? 'none', mesh: addresses.mesh }, health.sentence);
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((done) => signal.addEventListener('abort', () => done(), { once: true }));
}

/** Everything was stopped and written; what still holds the process (a blocked system call) must not keep it. */
function endAnyway(logger: RootLogger): void {
  setTimeout(() => {
    logger.error({}, 'something still holds the process after everything was stopped: it is killed');
    process.kill(process.pid, 'SIGKILL');
  }, 10_000).unref();
}
