// From the recogniser's output (for each step along a line, how likely each character is) to text.

/** What the recogniser tells apart, by index of its output: the first is "nothing new here", the last the space. */
export interface Alphabet {
  characters: readonly string[];
  /** Indices of all but the Han characters. */
  plain: Uint16Array;
}

export interface LineText {
  text: string;
  /** Mean probability of the characters, 0 to 1; 0 for no characters. */
  confidence: number;
}

const BLANK = 0;
/**
 * The recogniser was trained mostly on text without spaces and gives them little probability even where it sees one.
 * Above `sure` a gap is a space; above `likely` it is one when it is wider than the line's usual distance of characters.
 */
const SPACE = { sure: 0.03, likely: 0.01 };
/** A line with no more than this share of Han characters is read again without them: they are other signs, misread. */
const FEW_HAN = 1 / 3;

export function alphabetOf(characters: readonly string[]): Alphabet {
  const indices = characters.map((_, index) => index).filter((index) => !isHan(characters[index]!));
  return { characters, plain: Uint16Array.from(indices) };
}

const isHan = (character: string): boolean => /\p{Script=Han}/u.test(character);

interface Read {
  index: number;
  step: number;
  probability: number;
  /** The most that a space had since the character before. */
  space: number;
}

/**
 * The most likely character of each step; the same one again without a blank between is one (connectionist temporal
 * classification, greedy).
 * @param probabilities steps × characters, row by row
 */
export function decodeLine(probabilities: Float32Array, steps: number, alphabet: Alphabet): LineText {
  const { characters, plain } = alphabet;
  const all = readSteps(probabilities, steps, characters.length);
  const han = all.filter(({ index }) => isHan(characters[index]!)).length;
  if (han === 0 || han > all.length * FEW_HAN) return join(all, characters);
  return join(readSteps(probabilities, steps, characters.length, plain), characters);
}

/** @param among indices that are considered; left out, all */
function readSteps(probabilities: Float32Array, steps: number, count: number, among?: Uint16Array): Read[] {
  const read: Read[] = [];
  let previous = BLANK;
  let space = 0;
  for (let step = 0; step < steps; step++) {
    const row = step * count;
    const best = among === undefined ? mostLikely(probabilities, row, count) : likelyAmong(probabilities, row, among);
    space = Math.max(space, probabilities[row + count - 1]!);
    if (best === count - 1) space = 1;
    else if (best !== BLANK && best !== previous) {
      read.push({ index: best, step, probability: probabilities[row + best]!, space });
      space = 0;
    }
    previous = best;
  }
  return read;
}

function mostLikely(probabilities: Float32Array, row: number, count: number): number {
  let best = 0;
  for (let i = 1; i < count; i++) if (probabilities[row + i]! > probabilities[row + best]!) best = i;
  return best;
}

function likelyAmong(probabilities: Float32Array, row: number, among: Uint16Array): number {
  let best = 0;
  for (const i of among) if (probabilities[row + i]! > probabilities[row + best]!) best = i;
  return best;
}

function join(read: readonly Read[], characters: readonly string[]): LineText {
  if (read.length === 0) return { text: '', confidence: 0 };
  const distances = read.slice(1).map(({ step }, i) => step - read[i]!.step);
  const usual = distances.toSorted((a, b) => a - b)[distances.length >> 1] ?? 0;
  let text = '';
  let sum = 0;
  read.forEach(({ index, probability, space }, i) => {
    const wide = i > 0 && distances[i - 1]! > usual;
    if (i > 0 && (space > SPACE.sure || (space > SPACE.likely && wide))) text += ' ';
    text += characters[index]!;
    sum += probability;
  });
  return { text, confidence: sum / read.length };
}
