// Who may take part in the network, until when, and who has its newest key.

import type { KeyRotationView, MemberView, NetworkView } from '../../../../daemon/view/network-schema.ts';
import { count, shortId } from '../../format.ts';
import { now } from '../../live/now.ts';
import { useResource } from '../../live/resource.ts';
import { Loaded } from '../../parts/loaded.tsx';
import { Toned } from '../../parts/mark.tsx';
import { Table } from '../../parts/table.tsx';
import { Time } from '../../parts/time.tsx';
import type { Tone } from '../../parts/tone.ts';

/** A certificate is renewed long before; one that is this near to its end was not. */
const ENDS_SOON_MS = 30 * 86_400_000;

const COLUMNS = [
  { title: 'Member' },
  { title: 'Membership' },
  { title: 'Id' },
  { title: 'Certified', number: true },
  { title: 'Valid until', number: true },
];

export function Members() {
  const [members] = useResource<MemberView[]>('/network/members');
  const [network] = useResource<NetworkView>('/network');
  const missing = network.kind === 'ready' ? (network.value.key.rotation?.missing ?? []) : [];
  const waits = new Set(missing.map(({ id }) => id));
  return (
    <section>
      <h2>Members</h2>
      <Loaded resource={network}>{(known) => <Membership network={known} />}</Loaded>
      <Loaded resource={members}>
        {(list) => (
          <Table
            caption="Members of the network"
            columns={COLUMNS}
            rows={list.map((member) => {
              const { tone, words } = standing(member, waits.has(member.id), now.value);
              return {
                key: member.id,
                cells: [
                  member.name,
                  <Toned tone={tone}>{words}</Toned>,
                  <code class="line" title={member.id}>
                    {shortId(member.id)}
                  </code>,
                  <Time at={member.issuedAt} />,
                  <Time at={member.expiresAt} />,
                ],
              };
            })}
            empty="The network has no member yet."
          />
        )}
      </Loaded>
    </section>
  );
}

/** This node's own: its certificate, the key that it has, and what is wrong. */
function Membership({ network: { certificate, key, problem } }: { network: NetworkView }) {
  return (
    <dl class="facts">
      {problem !== undefined && (
        <div>
          <dt>Wrong</dt>
          <dd class="cause">
            {problem.cause}. {problem.hint}
          </dd>
        </div>
      )}
      <div>
        <dt>Certificate of this node</dt>
        <dd>
          valid until <Time at={certificate.expiresAt} />, renewed by itself
        </dd>
      </div>
      <div>
        <dt>Network key</dt>
        <dd>
          {key.number === 0 ? 'the first one' : `number ${key.number}`}, since <Time at={key.since} />
          {key.rotation !== undefined && <Rotation rotation={key.rotation} />}
        </dd>
      </div>
    </dl>
  );
}

function Rotation({ rotation: { number, completedAt, until, holders, missing } }: { rotation: KeyRotationView }) {
  if (completedAt !== undefined) {
    return (
      <p class="muted">
        Everybody has key {number}; it is the only one since <Time at={completedAt} />
      </p>
    );
  }
  const names = missing.map(({ name }) => name).join(', ');
  return (
    <p>
      Key {number} is being handed out: {count(holders.length, 'member')} of {holders.length + missing.length} have it
      {names !== '' && `, ${names} not yet`}. The keys before it end when all have it, at the latest <Time at={until} />
    </p>
  );
}

function standing(member: MemberView, waitsForKey: boolean, at: number): { tone: Tone; words: string } {
  if (member.revoked) return { tone: 'bad', words: 'revoked' };
  if (member.expiresAt <= at) return { tone: 'bad', words: 'certificate ended' };
  if (member.expiresAt - at < ENDS_SOON_MS)
    return { tone: 'warn', words: 'certificate ends soon, and was not renewed' };
  return waitsForKey ? { tone: 'busy', words: 'valid, waits for the new key' } : { tone: 'good', words: 'valid' };
}
