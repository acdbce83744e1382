// Logging: JSON lines for machines (journald, files), short readable lines on a terminal.

import { isatty } from 'node:tty';
import pino from 'pino';
import type { Logger } from '../core/logger.ts';
import type { Config } from './config/schema.ts';

export type LogLevel = Config['log']['level'];

/** A logger whose level can be changed while it runs. */
export interface RootLogger extends Logger {
  level: string;
}

/** Logs to standard output. */
export function createLogger(level: LogLevel): RootLogger {
  const options: pino.LoggerOptions = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  const logger = isatty(1)
    ? pino(options, { write: (line) => process.stdout.write(readable(line)) })
    : pino(options, pino.destination({ fd: 1, sync: true }));
  return logger;
}

const LEVELS: Record<number, string> = { 20: 'debug', 30: 'info ', 40: 'warn ', 50: 'error' };

/** `{"level":40,"time":"…","service":"mqtt","cause":"…","msg":"…"}` -> `15:04:05 warn  [mqtt] … (cause: …)` */
export function readable(line: string): string {
  const { level, time, msg, service, ...rest } = JSON.parse(line) as Record<string, unknown>;
  const clock = new Date(String(time)).toTimeString().slice(0, 8);
  const where = service === undefined ? '' : `[${service}] `;
  const facts = Object.entries(rest).map(
    ([key, value]) => `${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return `${clock} ${LEVELS[Number(level)] ?? level} ${where}${msg ?? ''}${facts.length === 0 ? '' : ` (${facts.join(', ')})`}\n`;
}
