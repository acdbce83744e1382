// Tells systemd how the service is (sd_notify): ready, alive, stopping. Silent where systemd did not start us.

import { execFile } from 'node:child_process';
import type { Clock, Timer } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';

/** As a service of type notify, as our unit makes it: what ends then is started again as its `Restart=` says. */
export function wasStartedBySystemd(env: NodeJS.ProcessEnv): boolean {
  return Boolean(env.INVOCATION_ID) && Boolean(env.NOTIFY_SOCKET);
}

/**
 * Speaks through the `systemd-notify` program, since Node cannot write to a Unix datagram socket. The unit needs
 * `NotifyAccess=all`. Failures are logged and otherwise harmless: the daemon does not depend on systemd.
 */
export class SystemdNotifier {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #watchdogMs: number | undefined;
  readonly #active: boolean;
  #watchdog: Timer | undefined;

  constructor(options: { env: NodeJS.ProcessEnv; clock: Clock; logger: Logger }) {
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#active = options.env.NOTIFY_SOCKET !== undefined;
    const microseconds = Number(options.env.WATCHDOG_USEC);
    this.#watchdogMs = Number.isFinite(microseconds) && microseconds > 0 ? microseconds / 1000 : undefined;
  }

  /** The node serves. From here on the watchdog is fed from the event loop: a stuck loop gets the service restarted. */
  ready(status: string): void {
    this.#send(['--ready', `--status=${status}`]);
    if (this.#active && this.#watchdogMs !== undefined) {
      this.#watchdog ??= this.#clock.every(this.#watchdogMs / 3, () => this.#send(['WATCHDOG=1']));
    }
  }

  /** One line for `systemctl status`. */
  status(sentence: string): void {
    this.#send([`--status=${sentence}`]);
  }

  stopping(): void {
    this.#watchdog?.cancel();
    this.#watchdog = undefined;
    this.#send(['STOPPING=1']);
  }

  #send(message: string[]): void {
    if (!this.#active) return;
    execFile('systemd-notify', message, { timeout: 5_000 }, (error) => {
      if (error !== null) this.#logger.warn({ cause: error.message }, 'systemd was not told');
    });
  }
}
