// What a node goes by when it says that a member is there or not, as a sentence. Pure.

import type { MeshPresence } from '../views.ts';

type Tried = MeshPresence['tried'][number];

/** "alpha lost its link to it; UDP fell silent; bravo reaches it; its link failed 2 times". Empty when all is well. */
export function presenceInWords(presence: Omit<MeshPresence, 'why'>): string {
  const { state, suspectedBy, tried, localDoubt, flaps, damped } = presence;
  const troubled = state === 'suspect' || state === 'gone';
  const words = [
    state === 'stopped' && 'it said goodbye',
    state === 'in' && 'not reached since this node started',
    ...(troubled ? [accused(suspectedBy.map(({ name }) => name)), ...tried.map(outcomeOf)] : []),
    troubled && localDoubt > 0 && `this node was late itself then (doubt ${localDoubt} of 3)`,
    flaps > 0 && `its link failed ${flaps === 1 ? 'once' : `${flaps} times`}${damped ? ' and is a last resort' : ''}`,
  ];
  return words.filter(Boolean).join('; ');
}

function accused(names: readonly string[]): string {
  return names.length === 0 ? '' : `${names.join(', ')} lost ${names.length === 1 ? 'its link' : 'their links'} to it`;
}

function outcomeOf({ way, via, viaName = via, outcome }: Tried): string {
  if (way === 'indirect') {
    if (outcome === 'answered') return `${viaName} reaches it`;
    return outcome === 'silent' ? `${viaName} does not reach it` : `${viaName} was asked and said nothing`;
  }
  const what = way === 'udp' ? 'UDP' : 'the connection';
  return {
    answered: `${what} answers`,
    silent: `${what} fell silent`,
    closed: `${what} was closed`,
    unanswered: `${what} did not answer`,
  }[outcome];
}
