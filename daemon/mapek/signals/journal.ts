// The journal: every entry that says something of a fault. The loop's own entries are its story and not heard again.

import type { Clock } from '../../../core/clock.ts';
import type { Store } from '../../store/store.ts';
import type { EventView } from '../../view/schema.ts';
import type { Say, Source } from './hearing.ts';

export interface JournalSignalsParts {
  store: Pick<Store, 'on' | 'off'>;
  clock: Clock;
  say: Say;
}

/** Entries whose subject says where it was noticed, not what is wrong. */
const ABOUT_NODE = new Set(['store.full', 'store.full.cleared', 'mesh.clock']);

export class JournalSignals implements Source {
  readonly #parts: JournalSignalsParts;

  constructor(parts: JournalSignalsParts) {
    this.#parts = parts;
  }

  listen(): () => void {
    const { store, clock, say } = this.#parts;
    const hear = ({ at, severity, kind, subject, message }: EventView): void => {
      // What these say, they say as states too, in which what was meant is known, and take back.
      if (/^(mapek|service|agent|link|peer|camera|vision)\./.test(kind)) return;
      const about = ABOUT_NODE.has(kind) ? 'node' : subject;
      say({ subject: about, at, kind: 'event', event: kind, severity, message: message.slice(0, 400) });
    };
    const hearTrouble = (cause: string | undefined): void => {
      if (cause !== undefined) return;
      // Rows are taken again: the file is sound.
      say({ subject: 'service/store', at: clock.wall(), kind: 'state', state: 'sound' });
    };
    store.on('event', hear);
    store.on('trouble', hearTrouble);
    return () => {
      store.off('event', hear);
      store.off('trouble', hearTrouble);
    };
  }

  /** Entries are heard once. */
  repeat(): void {}
}
