// Settings: invites and members, storage, models, services, and the configuration as it is in force.

import { access, logOut } from '../live/access.ts';
import { node } from '../live/live.ts';
import { Configuration } from './settings/configuration.tsx';
import { Invite } from './settings/invite.tsx';
import { Members } from './settings/members.tsx';
import { Models } from './settings/models.tsx';
import { Services } from './settings/services.tsx';
import { Storage } from './settings/storage.tsx';

export function Settings() {
  const self = node.value!;
  return (
    <>
      <h1>Settings</h1>
      <dl class="facts">
        <div>
          <dt>Node</dt>
          <dd>{self.name}</dd>
        </div>
        <div>
          <dt>Id</dt>
          <dd>
            <code>{self.id}</code>
          </dd>
        </div>
        <div>
          <dt>Network</dt>
          <dd>
            {self.network.name}
            {self.network.holdsAuthority && ', this node admits new members'}
          </dd>
        </div>
        <div>
          <dt>Board</dt>
          <dd>
            {self.profile.title}, profile {self.profile.name}: {self.profile.reason}
          </dd>
        </div>
        <div>
          <dt>API</dt>
          <dd>
            <a href="/docs">Documentation and explorer</a>
          </dd>
        </div>
        <Visitor />
      </dl>
      <Invite holdsAuthority={self.network.holdsAuthority} />
      <Members />
      <Services list={self.services} />
      <Storage />
      <Models />
      <Configuration />
    </>
  );
}

/** Who this page is to the node, and what that allows. */
function Visitor() {
  const visitor = access.value;
  if (visitor === undefined) return null;
  return (
    <div>
      <dt>This page</dt>
      <dd>
        {visitor.caller === 'session' ? 'logged in with a token' : 'let in at the board itself, no token exists'}, may{' '}
        {visitor.scopes.join(', ')}
        {visitor.caller === 'session' && (
          <>
            {' '}
            <button type="button" class="quiet small" onClick={() => void logOut()}>
              Log out
            </button>
          </>
        )}
      </dd>
    </div>
  );
}
