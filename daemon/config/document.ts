// Reads YAML text into plain values and remembers where each stands, so that whatever turns out wrong with one later
// can be named by line and column. Bounded: aliases cannot blow up, nesting cannot overflow.

import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { messageOf } from '../../core/errors.ts';
import type { ConfigProblem, Source } from './problem.ts';
import { join } from './tree.ts';

/** Values that a document may hold, aliases counted each time they are used. */
const MOST_VALUES = 20_000;
const DEEPEST = 32;

export interface ConfigDocument {
  /** Objects, arrays, text, numbers, booleans and null. Undefined for an empty document. */
  value: unknown;
  /** Path -> where it stands. */
  positions: Map<string, Source>;
  problems: ConfigProblem[];
}

/**
 * @param file the name used in positions
 * @param mostValues for documents that are longer than a configuration
 */
export function readDocument(text: string, file: string, mostValues = MOST_VALUES): ConfigDocument {
  const lines = new LineCounter();
  const at = (offset: number): Source => {
    const { line, col } = lines.linePos(offset);
    return { kind: 'file', file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  const positions = new Map<string, Source>();
  const problems: ConfigProblem[] = [];
  const complain = (path: string, message: string, source: Source): void => {
    problems.push({ path, message, source });
  };

  let root: Node | null;
  try {
    // Duplicate keys are found below instead: the library compares every pair of keys of a map.
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      stringKeys: true,
      uniqueKeys: false,
      resolveKnownTags: false,
    });
    for (const { message, pos } of [...document.errors, ...document.warnings]) complain('', message, at(pos[0]));
    // What a broken text seems to say is guesswork; judging that too would bury the real fault.
    if (document.errors.length > 0) return { value: undefined, positions, problems };
    root = document.contents;
  } catch (thrown) {
    complain('', `cannot be read as YAML: ${messageOf(thrown)}`, at(0));
    return { value: undefined, positions, problems };
  }

  const anchors = new Map<string, Node>();
  let values = 0;
  const convert = (node: unknown, path: string, depth: number, source: Source): unknown => {
    if (++values > mostValues) return null;
    positions.set(path, source);
    if (depth > DEEPEST) {
      complain(path, `is nested more than ${DEEPEST} levels deep`, source);
      return null;
    }
    if (isAlias(node)) {
      const target = anchors.get(node.source);
      if (target !== undefined) return convert(target, path, depth + 1, source);
      complain(path, `the alias *${node.source} refers to nothing above it`, source);
      return null;
    }
    if ((isScalar(node) || isMap(node) || isSeq(node)) && node.anchor) anchors.set(node.anchor, node as Node);
    if (isSeq(node)) {
      return node.items.map((item, index) => convert(item, join(path, index), depth + 1, placeOf(item, source)));
    }
    if (isMap(node)) {
      const entries = new Map<string, unknown>();
      for (const pair of node.items) {
        const key = isScalar(pair.key) ? String(pair.key.value) : undefined;
        // Aliases and collections as keys: the parser has reported them already.
        if (key === undefined) continue;
        const inner = join(path, key);
        const place = placeOf(pair.key, source);
        if (entries.has(key)) complain(inner, 'is set twice', place);
        else entries.set(key, convert(pair.value, inner, depth + 1, place));
      }
      return Object.fromEntries(entries);
    }
    return isScalar(node) ? node.value : null;
  };
  const placeOf = (node: unknown, otherwise: Source): Source => {
    const range = isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range : undefined;
    return range ? at(range[0]) : otherwise;
  };

  const value = root === null ? undefined : convert(root, '', 0, at(root.range?.[0] ?? 0));
  if (values > mostValues) {
    const message = `holds more than ${mostValues} values (aliases count)`;
    return { value: undefined, positions, problems: [{ path: '', message, source: at(0) }] };
  }
  return { value: value ?? undefined, positions, problems };
}
