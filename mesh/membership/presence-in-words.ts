// What a node goes by when it says that a member is there or not, as a sentence. Pure.

import type { MeshPresence } from '../views.ts';

type Tried = MeshPresence['tried'][number];

/** "its link to alpha was lost; UDP fell silent; bravo reaches it; its link failed 2 times". Empty when all is well. */
export function presenceInWords(presence: Omit<MeshPresence, 'why'>): string {
  const { state, since, suspectedBy, tried, localDoubt, flaps, damped } = presence;
  const troubled = state === 'suspect' || state === 'gone';
  // What answered before the state began says nothing of it.
  const isOfNow = ({ outcome, at }: Tried): boolean => outcome !== 'answered' || at >= since;
  const words = [
    state === 'stopped' && 'it said goodbye',
    state === 'in' && 'not reached since this node started',
    ...(troubled ? [accused(suspectedBy.map(({ name }) => name)), ...tried.filter(isOfNow).map(outcomeOf)] : []),
    troubled && localDoubt > 0 && `this node was late itself then (doubt ${localDoubt} of 3)`,
    flaps > 0 && `its link failed ${flaps === 1 ? 'once' : `${flaps} times`}${damped ? ' and is a last resort' : ''}`,
  ];
  return words.filter(Boolean).join('; ');
}

function accused(names: readonly string[]): string {
  return names.length === 0
    ? ''
    : `its ${names.length === 1 ? 'link' : 'links'} to ${names.join(', ')} ${names.length === 1 ? 'was' : 'were'} lost`;
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
