import { describe, expect, it } from 'vitest';
import type { FrameSink, FrameSource } from '../../../vision/camera/frame-source.ts';
import { type Rest, RestingSource } from '../../../vision/camera/resting-source.ts';

class Board implements Rest {
  isResting = false;
  readonly #listeners = new Set<() => void>();

  set(isResting: boolean): void {
    this.isResting = isResting;
    for (const listener of [...this.#listeners]) listener();
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get listeners(): number {
    return this.#listeners.size;
  }
}

/** A source that is open until it is told to end; `end` and `fail` end its present run. */
function scripted() {
  const opened: string[] = [];
  let settle = { end: () => {}, fail: (_: Error) => {} };
  const source: FrameSource = {
    kind: 'rendered',
    pace: 'video',
    stallAfter: 5000,
    run: (_sink, signal) =>
      new Promise((end, fail) => {
        opened.push('open');
        settle = { end, fail };
        signal.addEventListener('abort', () => {
          opened.push('closed');
          fail(signal.reason);
        });
      }),
  };
  return { source, opened, end: () => settle.end(), fail: (error: Error) => settle.fail(error) };
}

function watching(isResting: boolean) {
  const board = new Board();
  board.set(isResting);
  const inner = scripted();
  const said: string[] = [];
  const sink: FrameSink = {
    frame: async () => {},
    alive: () => {},
    waiting: (cause) => void said.push(cause),
    broken: () => {},
  };
  const stop = new AbortController();
  const source = new RestingSource(inner.source, board);
  const run = source.run(sink, stop.signal);
  const soon = (): Promise<void> => new Promise((done) => setImmediate(done));
  return { board, inner, said, stop, source, run, soon };
}

describe('a camera of a board that rests', () => {
  it('is closed and says why, and is opened when the board works again', async () => {
    const { board, inner, said, stop, source, run, soon } = watching(true);
    await soon();
    expect(inner.opened).toEqual([]);
    expect(said).toEqual(['off while the board rests']);
    expect(source.stallAfter).toBeUndefined();
    board.set(false);
    await soon();
    expect(inner.opened).toEqual(['open']);
    expect(source.stallAfter).toBe(5000);
    board.set(true);
    await soon();
    expect(inner.opened).toEqual(['open', 'closed']);
    expect(said).toHaveLength(2);
    stop.abort(new Error('stopped'));
    await expect(run).rejects.toThrow('stopped');
    expect(board.listeners).toBe(0);
  });

  it('is lost for its own causes, and ends where it ends', async () => {
    const failing = watching(false);
    failing.inner.fail(new Error('unplugged'));
    await expect(failing.run).rejects.toThrow('unplugged');
    const ending = watching(false);
    ending.inner.end();
    await ending.run;
    expect(ending.board.listeners).toBe(0);
  });
});
