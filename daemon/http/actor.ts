// Who acts, as the authorizer names them, of who asks.

import type { Actor } from '../../agents/authorizer.ts';
import type { Tokens } from '../security/tokens.ts';
import type { Caller } from './access.ts';

/** Of a caller that was let in. */
export function actorOf(caller: Caller, tokens: Tokens): Actor {
  switch (caller.kind) {
    case 'token':
    case 'session':
      return { kind: 'client', name: tokens.get(caller.tokenId)?.name ?? caller.tokenId, tokenId: caller.tokenId };
    case 'socket':
      return { kind: 'operator', name: 'the command line' };
    case 'local':
      return { kind: 'operator', name: 'the page' };
    case 'stranger':
      throw caller.refusal;
  }
}

/** Who acts, for people: as what was done is told. */
export function nameOf(caller: Caller, tokens: Tokens): string {
  const actor = actorOf(caller, tokens);
  return 'name' in actor ? actor.name : 'somebody';
}
