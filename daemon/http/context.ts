// What routes are handed: the application that they add themselves to, and the parts that they answer from.

import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { Journal } from '../../core/journal.ts';
import type { Tokens } from '../security/tokens.ts';
import type { Actions, View } from '../view/view.ts';
import type { Access } from './access.ts';
import type { Sessions } from './sessions.ts';
import type { Streams } from './streams.ts';

export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

export interface RouteContext {
  view: View;
  actions: Actions;
  tokens: Tokens;
  sessions: Sessions;
  streams: Streams;
  access: Access;
  journal: Journal;
  /** Requests a minute and caller. */
  rateLimit: number;
  /** Whether the page is served by TLS, so that its cookie may insist on it. */
  secure: boolean;
}
