// What the self-correction of the example node did.

import type { EpisodeView } from '../../../daemon/view/correction-schema.ts';

/** A camera that was knocked away: its restart did not help, and an operator is asked. */
export function exampleEpisode(openedAt: number, picture: string | undefined): EpisodeView {
  return {
    ...{
      id: 'mh2k-4x1',
      cause: 'Camera north: it was moved',
      subject: 'camera/north',
      confidence: 0.9,
      state: 'asked',
    },
    openedAt,
    symptoms: [
      {
        ...{ id: 'camera/north/view', kind: 'camera-disturbed', witness: 'vision', subject: 'camera/north' },
        ...{ message: 'Camera north: it was moved', confidence: 0.9, evidence: { is: 'moved' } },
      },
    ],
    steps: [
      {
        ...{ at: openedAt + 5_000, action: 'operator.ask', outcome: 'pending' },
        inWords: 'ask an operator: Aim camera north again, or take its new view for the right one',
        said: 'An operator is asked: Aim camera north again, or take its new view for the right one',
        offers: [
          {
            inWords: 'take the present view of camera north for the right one',
            correction: { action: 'camera.accept-view', camera: 'north' },
          },
        ],
      },
    ],
    camera: 'north',
    ...(picture !== undefined && { before: `/observations/${picture}/picture` }),
  };
}
