// The kinds of tasks that a node of this version carries out. Nodes of other versions may know others; where a daemon can
// be asked, what the network says counts. `federation.train` is submitted by coordinators of rounds only: it needs an invitation
// that one has signed.

export const TASK_KINDS = [
  ...(['compute', 'exec', 'federation.train', 'http.get', 'module', 'vision.detect', 'vision.ocr', 'wait'] as const),
] as const;

export type TaskKind = (typeof TASK_KINDS)[number];
