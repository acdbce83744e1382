// What a node without peers needs next: the two commands that bring a second board in.

import { Copyable } from '../parts/copyable.tsx';
import { Empty } from '../parts/empty.tsx';

export function NoPeers() {
  return (
    <Empty title="This node is alone.">
      <p>
        To add a second board, make an invite here or under <a href="#/settings">Settings</a>:
      </p>
      <Copyable text="parlmesh network invite" label="Command that makes an invite" />
      <p>and give the token that it prints to the other board:</p>
      <Copyable text="parlmesh network join TOKEN" label="Command that joins a network" />
    </Empty>
  );
}
