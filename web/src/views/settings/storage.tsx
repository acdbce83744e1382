// The store: where it is, how large, how it fares, and a backup on request.

import { useState } from 'preact/hooks';
import type { StoreView } from '../../../../daemon/view/schema.ts';
import { bytes } from '../../format.ts';
import { may } from '../../live/access.ts';
import { ApiError, post } from '../../live/api.ts';
import { useResource } from '../../live/resource.ts';
import { Copyable } from '../../parts/copyable.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { State } from '../../parts/mark.tsx';
import { Time } from '../../parts/time.tsx';

export function Storage() {
  const [store, again] = useResource<StoreView>('/store');
  const [told, tell] = useState('');
  const [busy, setBusy] = useState(false);
  const backup = async () => {
    setBusy(true);
    tell('Writing a backup…');
    try {
      const made = await post<{ file: string; bytes: number }>('/store/backup');
      tell(`Backup written: ${made.file}, ${bytes(made.bytes)}.`);
      again();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      tell(`No backup was written: ${error.message}`);
    } finally {
      setBusy(false);
    }
  };
  return (
    <section>
      <h2>Storage</h2>
      <Loaded resource={store}>{(view) => <Facts view={view} />}</Loaded>
      {may('admin') ? (
        <div class="action-line">
          <button type="button" class="quiet" aria-disabled={busy} onClick={() => !busy && void backup()}>
            Back up now
          </button>
          <span role="status">{told}</span>
        </div>
      ) : (
        <Copyable text="parlmesh store backup" label="Command that makes a backup" />
      )}
    </section>
  );
}

function Facts({ view }: { view: StoreView }) {
  const rows = Object.entries(view.rows);
  return (
    <dl class="facts">
      <div>
        <dt>State</dt>
        <dd>
          <State of={view.state} />
          {view.cause !== undefined && <p class="cause">{view.cause}</p>}
          {view.shed > 0 && <p class="cause">{view.shed} rows were given up because the disk was full or too slow.</p>}
        </dd>
      </div>
      <div>
        <dt>File</dt>
        <dd>
          <code>{view.path}</code>, {bytes(view.bytes)}, schema {view.schemaVersion}
        </dd>
      </div>
      <div>
        <dt>Written since start</dt>
        <dd>
          {bytes(view.writtenBytes)}, {view.queued} rows waiting
        </dd>
      </div>
      <div>
        <dt>Last backup</dt>
        <dd>{view.lastBackupAt === undefined ? 'none yet' : <Time at={view.lastBackupAt} />}</dd>
      </div>
      <div>
        <dt>Rows</dt>
        <dd>{rows.map(([table, number]) => `${number.toLocaleString('en')} ${table}`).join(', ')}</dd>
      </div>
    </dl>
  );
}
