// An episode of the self-correction as it is shown. Pure.

import { inWords } from '../../vision/correction/correction.ts';
import type { Episode } from '../../vision/correction/self-correction-engine.ts';
import type { EpisodeView } from '../view/correction-schema.ts';

export function episodeView({ steps, symptoms, ...episode }: Episode): EpisodeView {
  return {
    ...episode,
    symptoms: [...symptoms],
    steps: steps.map(({ correction, ...step }) => ({
      ...step,
      action: correction.action,
      inWords: inWords(correction),
      offers:
        correction.action === 'operator.ask'
          ? correction.offers.map((offer) => ({ inWords: inWords(offer), correction: offer }))
          : [],
    })),
  };
}
