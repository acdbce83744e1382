// Makes an invite: a token that lets one more board into the network, once, until it expires.

import { useState } from 'preact/hooks';
import { may } from '../../live/access.ts';
import { ApiError, post } from '../../live/api.ts';
import { Copyable } from '../../parts/copyable.tsx';
import { Time } from '../../parts/time.tsx';

interface Invitation {
  token: string;
  expiresAt: number;
}

const LIFETIMES = [
  { seconds: 900, title: '15 minutes' },
  { seconds: 3_600, title: '1 hour' },
  { seconds: 86_400, title: '1 day' },
  { seconds: 604_800, title: '7 days' },
];

export function Invite({ holdsAuthority }: { holdsAuthority: boolean }) {
  return (
    <section>
      <h2>Add a board</h2>
      {!holdsAuthority ? (
        <p>Invites are made on the node that holds the network’s authority, where the network was created.</p>
      ) : may('admin') ? (
        <InviteForm />
      ) : (
        <>
          <p>This page may make invites when it is logged in with a token of scope admin. On the board itself:</p>
          <Copyable text="parlmesh network invite" label="Command that makes an invite" />
        </>
      )}
    </section>
  );
}

function InviteForm() {
  const [name, setName] = useState('');
  const [seconds, setSeconds] = useState(3_600);
  const [invite, setInvite] = useState<Invitation>();
  const [problem, setProblem] = useState<string>();
  const create = async (event: Event) => {
    event.preventDefault();
    setProblem(undefined);
    try {
      const named = name.trim() === '' ? {} : { name: name.trim() };
      setInvite(await post<Invitation>('/network/invites', { expiresInSeconds: seconds, ...named }));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setProblem(error.message);
    }
  };
  return (
    <>
      <form class="filters" onSubmit={(event) => void create(event)}>
        <label>
          Its name (optional)
          <input value={name} maxLength={63} onInput={(event) => setName(event.currentTarget.value)} />
        </label>
        <label>
          Valid for
          <select value={seconds} onChange={(event) => setSeconds(Number(event.currentTarget.value))}>
            {LIFETIMES.map((lifetime) => (
              <option key={lifetime.seconds} value={lifetime.seconds}>
                {lifetime.title}
              </option>
            ))}
          </select>
        </label>
        <button type="submit" class="primary">
          Create invite
        </button>
      </form>
      <div class="told" role="status">
        {problem !== undefined && <p class="cause">{problem}</p>}
        {invite !== undefined && (
          <>
            <p>
              Run this on the new board. It works once, until <Time at={invite.expiresAt} />, and is not shown again.
            </p>
            <Copyable text={`parlmesh network join ${invite.token}`} label="Command for the new board" />
          </>
        )}
      </div>
    </>
  );
}
