// A drawing of the network beside the mesh as it is: the picture with what was read in it laid over, and each difference.

import { useEffect, useState } from 'preact/hooks';
import type { DrawingView } from '../../../daemon/view/drawing-schema.ts';
import { count } from '../format.ts';
import { may } from '../live/access.ts';
import { ApiError, postFile } from '../live/api.ts';
import './drawing.css';
import { marksOf } from './overlay.ts';

type State =
  | { kind: 'empty' }
  | { kind: 'reading'; name: string }
  | { kind: 'failed'; cause: string }
  | { kind: 'read'; name: string; picture: string; view: DrawingView };

export function Drawing() {
  const [state, setState] = useState<State>({ kind: 'empty' });
  const picture = state.kind === 'read' ? state.picture : undefined;
  useEffect(() => () => (picture === undefined ? undefined : URL.revokeObjectURL(picture)), [picture]);
  const read = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    setState({ kind: 'reading', name: file.name });
    try {
      const view = await postFile<DrawingView>('/vision/topology', file);
      setState({ kind: 'read', name: file.name, picture: URL.createObjectURL(file), view });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setState({ kind: 'failed', cause: error.message });
    }
  };
  return (
    <section>
      <h2>Compare with a drawing</h2>
      {may('act') ? (
        <fieldset
          class="drop"
          onDragOver={(event) => event.preventDefault()}
          onDrop={(event) => {
            event.preventDefault();
            void read(event.dataTransfer?.files[0]);
          }}
        >
          <label>
            A plan, a screenshot or a photograph of a whiteboard
            <input
              type="file"
              accept="image/*"
              disabled={state.kind === 'reading'}
              onChange={({ currentTarget }) => void read(currentTarget.files?.[0])}
            />
          </label>
          <p class="muted">It is read on this node, and nothing of it is kept.</p>
        </fieldset>
      ) : (
        <p class="muted">This page reads drawings when it is logged in with a token of scope act.</p>
      )}
      <div aria-live="polite">
        {state.kind === 'reading' && <p class="muted">Reading {state.name}. That takes some seconds.</p>}
        {state.kind === 'failed' && <p class="cause">{state.cause}</p>}
        {state.kind === 'read' && <Reading picture={state.picture} name={state.name} view={state.view} />}
      </div>
    </section>
  );
}

function Reading({ picture, name, view }: { picture: string; name: string; view: DrawingView }) {
  const { nodes, edges } = marksOf(view);
  const { width, height } = view.graph;
  const { sentences } = view.difference;
  const words = `${count(nodes.length, 'node')} and ${count(view.graph.edges.length, 'link')} were read in ${name}`;
  return (
    <>
      <p>
        {words}. {sentences.length === 0 && 'The mesh is as it is drawn.'}
      </p>
      <figure class="drawing" style={{ aspectRatio: `${width} / ${height}` }}>
        <img src={picture} alt={name} />
        <svg viewBox={`0 0 ${width} ${height}`} role="img" aria-label={words}>
          {edges.map(({ id, from, to, kind, title }) => (
            <line key={id} class={`mark-${kind}`} x1={from.x} y1={from.y} x2={to.x} y2={to.y}>
              <title>{title}</title>
            </line>
          ))}
          {nodes.map(({ id, box, kind, title }) => (
            <rect key={id} class={`mark-${kind}`} {...box} rx="4">
              <title>{title}</title>
            </rect>
          ))}
        </svg>
      </figure>
      <p class="drawing-key muted">
        <span /> in the mesh too <span class="key-drawn" /> only drawn <span class="key-live" /> only in the mesh
      </p>
      {sentences.length > 0 && (
        <ul class="differences">
          {sentences.map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      )}
    </>
  );
}
