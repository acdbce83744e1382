// Who may take part in the network.

import { shortId } from '../../format.ts';
import { useResource } from '../../live/resource.ts';
import { Loaded } from '../../parts/loaded.tsx';
import { Mark } from '../../parts/mark.tsx';
import { Table } from '../../parts/table.tsx';
import { Time } from '../../parts/time.tsx';

interface Member {
  id: string;
  name: string;
  issuedAt: number;
  expiresAt: number;
  revoked: boolean;
}

const COLUMNS = [
  { title: 'Member' },
  { title: 'Membership' },
  { title: 'Id' },
  { title: 'Joined', number: true },
  { title: 'Valid until', number: true },
];

export function Members() {
  const [members] = useResource<Member[]>('/network/members');
  return (
    <section>
      <h2>Members</h2>
      <Loaded resource={members}>
        {(list) => (
          <Table
            caption="Members of the network"
            columns={COLUMNS}
            rows={list.map((member) => ({
              key: member.id,
              cells: [
                member.name,
                <span class="state">
                  <Mark tone={member.revoked ? 'bad' : 'good'} />
                  <span>{member.revoked ? 'revoked' : 'valid'}</span>
                </span>,
                <code title={member.id}>{shortId(member.id)}</code>,
                <Time at={member.issuedAt} />,
                <Time at={member.expiresAt} />,
              ],
            }))}
            empty="The network has no member yet."
          />
        )}
      </Loaded>
    </section>
  );
}
