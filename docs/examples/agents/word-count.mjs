// Counts words: a module for tasks. A job names it so:
//
//   tasks:
//     - { id: count, kind: module, input: { module: word-count, input: { text: 'to be or not to be' } } }

export async function run(input, context) {
  const text = typeof input?.text === 'string' ? input.text : String(await context.readBlob(input?.text));
  const words = text.toLowerCase().match(/\p{L}+/gu) ?? [];
  const counts = new Map();
  for (const [at, word] of words.entries()) {
    context.signal.throwIfAborted();
    counts.set(word, (counts.get(word) ?? 0) + 1);
    if (at % 10_000 === 0) context.progress(at / words.length);
  }
  const most = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 100);
  context.log(`${words.length} words, ${counts.size} different ones`);
  return { words: words.length, most: Object.fromEntries(most) };
}
