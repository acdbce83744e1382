// Agents: who works on this node, how they fare, why one failed, and a restart that asks first.

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { AgentView } from '../../../daemon/view/schema.ts';
import { may } from '../live/access.ts';
import { ApiError, post } from '../live/api.ts';
import { agents } from '../live/live.ts';
import { Confirm } from '../parts/confirm.tsx';
import { Empty } from '../parts/empty.tsx';
import { State } from '../parts/mark.tsx';
import { Table } from '../parts/table.tsx';
import { Time } from '../parts/time.tsx';

const COLUMNS = [
  { title: 'Agent' },
  { title: 'State' },
  { title: 'Restarts', number: true },
  { title: 'Waiting', number: true },
  { title: 'May' },
  { title: 'Since', number: true },
];

export function Agents() {
  const [asked, ask] = useState<string>();
  const [told, tell] = useState('');
  const list = agents.value ?? [];
  const restart = async (id: string) => {
    try {
      await post(`/agents/${encodeURIComponent(id)}/restart`);
      tell(`${id} is restarting.`);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      tell(`${id} was not restarted: ${error.message}`);
    }
  };
  return (
    <>
      <h1>Agents</h1>
      {list.length === 0 ? (
        <Empty title="No agent runs on this node.">
          <p>
            The hardware monitor and one agent per camera and link start by themselves; see <code>agents</code> in the
            configuration.
          </p>
        </Empty>
      ) : (
        <Table
          caption="Agents of this node"
          columns={may('act') ? [...COLUMNS, { title: 'Action' }] : COLUMNS}
          rows={list.map((agent) => ({ key: agent.id, cells: cellsOf(agent, () => ask(agent.id)) }))}
        />
      )}
      <p class="told" role="status">
        {told}
      </p>
      {asked !== undefined && (
        <Confirm
          title={`Restart ${asked}?`}
          action="Restart"
          onConfirm={() => void restart(asked)}
          onClose={() => ask(undefined)}
        >
          <p>It stops what it is doing and starts anew, usually within a second. The rest of the node goes on.</p>
        </Confirm>
      )}
    </>
  );
}

function cellsOf(agent: AgentView, onRestart: () => void): ComponentChildren[] {
  const { id, kind, version, state, since, restarts, lastError, frozen, capabilities, mailbox } = agent;
  const recovered = state === 'ready' || state === 'busy';
  return [
    <>
      {id}
      <span class="muted under">
        {kind} {version}
      </span>
    </>,
    <>
      <State of={state} />
      {frozen !== undefined && <p class="cause">frozen by the oracle: {frozen.reason}</p>}
      {lastError !== undefined && (
        <p class={recovered ? 'muted under' : 'cause'}>{recovered ? `last error: ${lastError}` : lastError}</p>
      )}
    </>,
    restarts,
    <>
      {mailbox.waiting} of {mailbox.most}
      {mailbox.dropped > 0 && <p class="cause">{mailbox.dropped} dropped</p>}
    </>,
    capabilities.map((capability) => (
      <code key={capability} class="line">
        {capability}
      </code>
    )),
    <Time at={since} />,
    <button type="button" class="quiet small" onClick={onRestart} aria-label={`Restart ${id}`}>
      Restart
    </button>,
  ];
}
