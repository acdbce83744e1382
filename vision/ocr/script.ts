// Tells text from a script that the recogniser does not know. The recogniser writes it with the letters that look most
// alike, and is half sure of them: Cyrillic becomes a mixture of scripts and of capitals that no language writes.

/** Greek letters that stand in a word of other letters more than once are no unit sign. */
const GREEK_BESIDE_LATIN = 2;
/** Share of words of mixed scripts up to which a text is believed that is otherwise sure; of an unsure one none may be. */
const MOST_MIXED = 1 / 3;
/** Words of an unsure text with a capital after a small letter from which on, and if half of all, it is not believed. */
const CAPITALS_INSIDE = 2;

/** @param isSure whether the recogniser is sure of its characters */
export function looksForeign(text: string, isSure: boolean): boolean {
  const words = text.split(' ').filter((word) => word !== '');
  const mixed = words.filter(mixesScripts).length;
  if (isSure) return mixed > words.length * MOST_MIXED;
  const inside = words.filter((word) => /\p{Ll}\p{Lu}/u.test(word)).length;
  return mixed > 0 || (inside >= CAPITALS_INSIDE && inside * 2 >= words.length);
}

function mixesScripts(word: string): boolean {
  if (!/\p{Script=Latin}/u.test(word)) return false;
  const greek = word.match(/\p{Script=Greek}/gu)?.length ?? 0;
  return /\p{Script=Cyrillic}/u.test(word) || greek >= GREEK_BESIDE_LATIN;
}
