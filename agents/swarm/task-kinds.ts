// The kinds of tasks that a node of this version carries out. Nodes of other versions may know others; where a daemon can
// be asked, what the network says counts.

export const TASK_KINDS = ['compute', 'exec', 'http.get', 'module', 'vision.detect', 'vision.ocr', 'wait'] as const;

export type TaskKind = (typeof TASK_KINDS)[number];
