// Regular expressions that people write into the configuration: checked once, and given up when they take too long, as one
// that is written badly would hold up all cameras.

import { createContext, Script } from 'node:vm';
import { messageOf, ParlmeshError } from '../../core/errors.ts';

/** The first group of the match, else all of it; undefined where there is none. */
export type Matcher = (text: string) => string | undefined;

/** Milliseconds. */
const MATCH_WITHIN = 50;

/**
 * In a context of its own, as only there a match can be given up after a time. Throws `CONFIG_INVALID`.
 * @param what is looked for, as the error names it: `the pattern of zone meter`
 */
export function matcherOf(pattern: string, what: string, flags = 'u'): Matcher {
  let script: Script;
  try {
    new RegExp(pattern, flags);
    script = new Script(
      `(() => { const found = new RegExp(pattern, flags).exec(text); return found && (found[1] ?? found[0]); })()`,
    );
  } catch (cause) {
    throw new ParlmeshError('CONFIG_INVALID', `${what} is no regular expression: ${messageOf(cause)}`, {
      hint: 'Without slashes around it: ([0-9.]+) *kWh',
      cause,
    });
  }
  const context = { pattern, flags, text: '' };
  createContext(context);
  return (text) => {
    context.text = text;
    try {
      const found: unknown = script.runInContext(context, { timeout: MATCH_WITHIN });
      return typeof found === 'string' ? found : undefined;
    } catch {
      return undefined;
    }
  };
}
