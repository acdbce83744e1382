// How well text was read: characters by edit distance, words by being found.

import { distance } from 'fastest-levenshtein';

export interface ReadText {
  truth: string;
  read: string;
}

/** As the IIIT5K words are scored: letters and digits alone, capital or not. */
export function alphanumeric(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
}

/** Line breaks and spaces count as one space. */
export function spaced(text: string): string {
  return text.trim().replace(/\s+/g, ' ');
}

/** 1 less the edits that turn what was read into the truth, for each of its characters; 0 at least. */
export function characterAccuracy(all: readonly ReadText[]): number {
  const edits = all.reduce((sum, { truth, read }) => sum + distance(truth, read), 0);
  const characters = all.reduce((sum, { truth }) => sum + truth.length, 0);
  return Math.max(0, 1 - edits / characters);
}

/** Share of the truth's words that were read, each once, in any order. */
export function wordAccuracy(all: readonly ReadText[]): number {
  let right = 0;
  let words = 0;
  for (const { truth, read } of all) {
    const left = read.split(' ');
    for (const word of truth.split(' ')) {
      words++;
      const index = left.indexOf(word);
      if (index < 0) continue;
      left.splice(index, 1);
      right++;
    }
  }
  return right / words;
}
