// Who is looking: let in by being at the board or by a token, and what that allows.

import { signal } from '@preact/signals';
import { get, loginNeeded, post, remove } from './api.ts';

export type Scope = 'read' | 'act' | 'admin';

interface Access {
  caller: 'socket' | 'local' | 'token' | 'session' | 'stranger';
  scopes: Scope[];
}

export const access = signal<Access>();

export function may(scope: Scope): boolean {
  return access.value?.scopes.includes(scope) ?? false;
}

/** Asks the node who it takes this page for; a stranger is asked to log in. */
export async function findAccess(): Promise<void> {
  access.value = await get<Access>('/session');
  loginNeeded.value = access.value.caller === 'stranger';
}

/** Exchanges a token for the page's cookie. */
export async function logIn(token: string): Promise<void> {
  access.value = await post<Access>('/session', { token });
  loginNeeded.value = false;
}

export async function logOut(): Promise<void> {
  await remove('/session');
  location.reload();
}
