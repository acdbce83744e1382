// How places of cameras look, in the store: written when something is taught, which people do by hand.

import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { LOOK_SIDE, MOST_PICTURES, type TaughtState } from '../../vision/correction/look.ts';
import type { TaughtLooks } from '../../vision/correction/places.ts';
import type { Store } from '../store/store.ts';

const KEY = 'vision.taught-looks';
const Document = Type.Object({
  places: Type.Record(
    Type.String({ maxLength: 80 }),
    Type.Array(
      Type.Object({
        state: Type.String({ maxLength: 32 }),
        looks: Type.Array(Type.Array(Type.Number(), { minItems: LOOK_SIDE ** 2, maxItems: LOOK_SIDE ** 2 }), {
          maxItems: MOST_PICTURES,
        }),
      }),
      { maxItems: 8 },
    ),
  ),
});

export function taughtLooks(store: Pick<Store, 'state' | 'putState'>): TaughtLooks {
  return {
    load: () => {
      const document = store.state(KEY);
      return Value.Check(Document, document)
        ? new Map<string, TaughtState[]>(Object.entries(document.places))
        : new Map();
    },
    save: (taught) => store.putState(KEY, { places: Object.fromEntries(taught) }),
  };
}
