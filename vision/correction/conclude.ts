// From symptoms of several witnesses to causes: a lamp that went dark and a node that fell silent at the same time are one
// fault, and another one than a silent node whose lamp is lit. Pure; each symptom belongs to one cause, the most specific.

import type { Millis } from '../../core/clock.ts';
import type { Correction } from './correction.ts';
import type { Symptom, SymptomKind } from './symptom.ts';

export interface Conclusion {
  /** The same for the same cause: `no-power node/pi-3`. */
  id: string;
  /** A sentence. */
  cause: string;
  subject: string;
  confidence: number;
  /** What it explains, by id. */
  symptoms: readonly string[];
  /** What to do, in this order, until it is gone. */
  ladder: readonly Correction[];
}

/** What is known when a conclusion is drawn. */
export interface Evidence {
  /** That last, in the order they began. */
  symptoms: readonly Symptom[];
  /** Subjects of which a place shows that all is well now: `node/pi-3`. */
  seenWell: ReadonlySet<string>;
}

/** Symptoms that began within this of each other may have one cause. A lamp is judged over eight seconds. */
const TOGETHER: Millis = 45_000;

/** The causes of what is wrong, each symptom explained once. */
export function conclude(evidence: Evidence): Conclusion[] {
  const left = new Map(evidence.symptoms.map((symptom) => [symptom.id, symptom]));
  const conclusions: Conclusion[] = [];
  for (const rule of RULES) {
    for (const symptom of [...left.values()]) {
      if (!left.has(symptom.id) || symptom.kind !== rule.of) continue;
      const found = rule.explain(symptom, new Others(left, symptom), evidence);
      if (found === undefined) continue;
      const explained = [symptom, ...found.with];
      for (const { id } of explained) left.delete(id);
      const { name, cause, confidence, ladder } = found;
      const subject = found.subject ?? symptom.subject;
      conclusions.push({
        ...{ id: `${name} ${subject}`, cause, subject, ladder },
        confidence: confidence ?? joined(explained),
        symptoms: explained.map(({ id }) => id),
      });
    }
  }
  return conclusions;
}

interface Explanation {
  name: string;
  cause: string;
  subject?: string;
  confidence?: number;
  with: readonly Symptom[];
  ladder: readonly Correction[];
}

interface Rule {
  of: SymptomKind;
  explain(symptom: Symptom, others: Others, evidence: Evidence): Explanation | undefined;
}

/** The other symptoms that nothing explains yet. */
class Others {
  readonly #left: ReadonlyMap<string, Symptom>;
  readonly #own: Symptom;

  constructor(left: ReadonlyMap<string, Symptom>, own: Symptom) {
    this.#left = left;
    this.#own = own;
  }

  /** Of the same time, of these kinds and about any of these subjects. */
  together(kinds: readonly SymptomKind[], subjects: readonly string[]): Symptom[] {
    return this.all().filter(
      ({ kind, subject, since }) =>
        kinds.includes(kind) && subjects.includes(subject) && Math.abs(since - this.#own.since) <= TOGETHER,
    );
  }

  all(): Symptom[] {
    return [...this.#left.values()].filter(({ id }) => id !== this.#own.id);
  }
}

const SEEN: readonly SymptomKind[] = ['lamp-off', 'lamp-wrong', 'display-fault', 'looks-wrong'];

/** The most specific first. */
const RULES: readonly Rule[] = [
  {
    // A camera that sees wrongly explains everything that it says it sees.
    of: 'camera-disturbed',
    explain: (symptom, others) => {
      const camera = nameOf(symptom.subject);
      const view = String(symptom.evidence.is ?? 'disturbed');
      const unseen = others.all().filter(({ place }) => place?.camera === camera);
      const ask = (question: string, offers: Offers = []): Correction => ({ action: 'operator.ask', question, offers });
      const ladder: Correction[] =
        view === 'frozen' || view === 'signal-lost'
          ? [
              { action: 'camera.restart', camera },
              ask(`Look after camera ${camera}: its picture is ${view.replace('-', ' ')}`),
            ]
          : view === 'moved'
            ? [
                ask(`Aim camera ${camera} again, or take its new view for the right one`, [
                  { action: 'camera.accept-view', camera },
                ]),
              ]
            : [ask(`Look after camera ${camera}: its view is ${view}`)];
      return { name: `camera-${view}`, cause: symptom.message, with: unseen, ladder };
    },
  },
  {
    of: 'camera-lost',
    explain: (symptom, others) => {
      const camera = nameOf(symptom.subject);
      const unseen = others.all().filter(({ place }) => place?.camera === camera);
      const ladder: Correction[] = [
        { action: 'camera.restart', camera },
        { action: 'operator.ask', question: `Look after camera ${camera}: ${symptom.message}`, offers: [] },
      ];
      return { name: 'camera-lost', cause: symptom.message, with: unseen, ladder };
    },
  },
  {
    of: 'node-silent',
    explain: (symptom, others, { seenWell }) => {
      const node = nameOf(symptom.subject);
      const about = [`node/${node}`, `link/${node}`];
      const dark = others.together(['lamp-off'], about);
      const further = others.together(['link-bad'], about);
      if (dark.length > 0) {
        const question = `Look after the power of ${node}: it fell silent and its lamp went dark`;
        const ladder: Correction[] = [{ action: 'operator.ask', question, offers: [] }];
        return { name: 'no-power', cause: `${node} has no power`, with: [...dark, ...further], ladder };
      }
      const strange = others.together(SEEN, about);
      const lit = seenWell.has(`node/${node}`);
      const cause = lit
        ? `${node} has power, as its place shows, but cannot be reached: its network, or the program on it`
        : strange.length > 0
          ? `${node} cannot be reached, and its place looks wrong: ${strange[0]!.message}`
          : `${node} cannot be reached`;
      // What no camera sees, the mesh looks after alone.
      if (!lit && strange.length === 0) return undefined;
      const ladder: Correction[] = [
        { action: 'link.reset', node },
        { action: 'operator.ask', question: `Look after ${node}: ${cause}`, offers: [] },
      ];
      return { name: 'unreachable', cause, with: [...strange, ...further], ladder };
    },
  },
  {
    of: 'link-bad',
    explain: (symptom, others) => {
      const node = nameOf(symptom.subject);
      const seen = others.together(SEEN, [`link/${node}`, `node/${node}`]);
      if (seen.length === 0) return undefined;
      const cause = `The link to ${node} is bad, and its place shows it: ${seen[0]!.message}`;
      const ladder: Correction[] = [
        { action: 'link.reset', node },
        { action: 'operator.ask', question: `Look after the cable or radio to ${node}`, offers: [] },
      ];
      return { name: 'link', cause, with: seen, ladder };
    },
  },
  {
    of: 'agent-failed',
    explain: (symptom, others) => {
      const seen = others.together(SEEN, [symptom.subject]);
      return agentFault(
        symptom,
        `${symptom.message}${seen.length > 0 ? `; its place shows it: ${seen[0]!.message}` : ''}`,
        seen,
      );
    },
  },
  {
    of: 'detector-failed',
    explain: (symptom) => ({
      ...{ name: 'detector', cause: symptom.message, with: [] },
      ladder: [{ action: 'camera.switch-detector' }, { action: 'operator.ask', question: symptom.message, offers: [] }],
    }),
  },
  {
    of: 'board-hot',
    explain: (symptom) => ({
      ...{ name: 'hot', cause: symptom.message, with: [] },
      ladder: [{ action: 'camera.lower-rate' }, { action: 'operator.ask', question: symptom.message, offers: [] }],
    }),
  },
  {
    of: 'service-degraded',
    explain: (symptom, others) => {
      const seen = others.together(SEEN, [symptom.subject]);
      // A service tries by itself; with a camera's word it is more than that.
      if (seen.length === 0) return undefined;
      const cause = `${symptom.message}; its place shows it: ${seen[0]!.message}`;
      return { name: 'service', cause, with: seen, ladder: [{ action: 'operator.ask', question: cause, offers: [] }] };
    },
  },
  // What only a camera sees.
  ...SEEN.map(
    (of): Rule => ({
      of,
      explain: (symptom) => {
        if (symptom.subject.startsWith('agent/')) return agentFault(symptom, symptom.message, []);
        const ladder: Correction[] = [{ action: 'operator.ask', question: symptom.message, offers: [] }];
        // Nobody else says so: the lamp may be broken, or somebody may stand before it.
        return { name: of, cause: symptom.message, confidence: symptom.confidence * 0.7, with: [], ladder };
      },
    }),
  ),
];

type Offers = Extract<Correction, { action: 'operator.ask' }>['offers'];

function agentFault({ subject }: Symptom, cause: string, seen: readonly Symptom[]): Explanation {
  const agent = nameOf(subject);
  const ladder: Correction[] = [
    { action: 'agent.restart', agent },
    { action: 'operator.ask', question: cause, offers: [] },
  ];
  return { name: 'agent', cause, with: seen, ladder };
}

/** Witnesses that agree: the chance that not all are wrong. */
function joined(symptoms: readonly Symptom[]): number {
  return 1 - symptoms.reduce((doubt, { confidence }) => doubt * (1 - confidence), 1);
}

const nameOf = (subject: string): string => subject.slice(subject.indexOf('/') + 1);
