// The configuration in force: file, environment and flags joined, secrets hidden by the node.

import { useResource } from '../../live/resource.ts';
import { Loaded } from '../../parts/loaded.tsx';
import { flatten } from './flatten.ts';

export function Configuration() {
  const [config] = useResource<unknown>('/config');
  return (
    <section>
      <h2>Configuration</h2>
      <p class="muted">
        As it is in force, secrets hidden. Change the file and reload the node; <code>parlmesh config schema</code>{' '}
        explains every field.
      </p>
      <Loaded resource={config}>
        {(value) =>
          [...flatten(value)].map(([section, settings]) => (
            <details key={section} class="config">
              <summary>{section === '' ? 'node' : section}</summary>
              <dl class="facts">
                {settings.map(({ path, value: text }) => (
                  <div key={path}>
                    <dt>{path}</dt>
                    <dd>
                      <code>{text}</code>
                    </dd>
                  </div>
                ))}
              </dl>
            </details>
          ))
        }
      </Loaded>
    </section>
  );
}
