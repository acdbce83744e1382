// Tells text from a script that the recogniser does not know. The recogniser writes what it does not know with the letters
// that look most alike, and is sure of them: Cyrillic becomes a mixture that no language writes.

/** Greek letters that stand in a word of other letters more than once are no unit sign. */
const GREEK_BESIDE_LATIN = 2;

/** Share of a text's words whose letters are of several scripts, 0 to 1. */
export function mixedScripts(text: string): number {
  const words = text.split(' ').filter((word) => word !== '');
  const mixed = words.filter((word) => {
    if (!/\p{Script=Latin}/u.test(word)) return false;
    const greek = word.match(/\p{Script=Greek}/gu)?.length ?? 0;
    return /\p{Script=Cyrillic}/u.test(word) || greek >= GREEK_BESIDE_LATIN;
  });
  return words.length === 0 ? 0 : mixed.length / words.length;
}
