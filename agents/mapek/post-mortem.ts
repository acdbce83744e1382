// An incident as a report: in Markdown for people, in JSON for programs. Pure.

import type { IncidentView, StepView } from './incident.ts';

const time = (at: number | undefined): string => (at === undefined ? '–' : new Date(at).toISOString());
const seconds = (from: number, to: number | undefined): string =>
  to === undefined ? '–' : `${Number(((to - from) / 1000).toFixed(3))} s`;
/** What comes from elsewhere must not become markup. */
const plain = (text: string): string => text.replace(/[\r\n]+/g, ' ').replace(/[\\`*_{}[\]<>#|]/g, '\\$&');

export function postMortemJson(incident: IncidentView): string {
  return `${JSON.stringify({ format: 'parlmesh-post-mortem', version: 1, incident }, undefined, 2)}\n`;
}

export function postMortemMarkdown(incident: IncidentView): string {
  const { fault, subject, cause, confidence, severity, evidence, explains, steps, seenAt } = incident;
  return [
    `# ${plain(fault)} of ${plain(subject)}`,
    '',
    `${plain(incident.outcome ?? 'It is not over yet.')}`,
    '',
    '| | |',
    '| --- | --- |',
    `| incident | ${plain(incident.id)} on node ${plain(incident.node)} |`,
    `| state | ${incident.state} |`,
    `| began | ${time(incident.beganAt)} |`,
    `| seen | ${time(seenAt)} (${seconds(incident.beganAt, seenAt)} later) |`,
    `| first action | ${time(incident.actedAt)} (${seconds(seenAt, incident.actedAt)} after it was seen) |`,
    `| recovered | ${time(incident.recoveredAt)} (${seconds(seenAt, incident.recoveredAt)} after it was seen) |`,
    `| closed | ${time(incident.closedAt)} |`,
    `| relapses | ${incident.relapses} |`,
    '',
    '## Seen',
    '',
    ...(evidence.length === 0 ? ['Nothing was told.'] : evidence.map((sentence) => `- ${plain(sentence)}`)),
    '',
    '## Concluded',
    '',
    `${plain(cause)} (${Math.round(confidence * 100)} % sure, severity ${severity.toFixed(2)}).`,
    ...(explains.length === 0 ? [] : ['', `It explains the trouble of ${explains.map(plain).join(', ')}.`]),
    '',
    '## Done',
    '',
    ...(steps.length === 0 ? ['Nothing was done.'] : steps.flatMap(stepInMarkdown)),
    '',
    '## Learned',
    '',
    plain(incident.learned ?? 'Nothing yet.'),
    '',
  ].join('\n');
}

function stepInMarkdown(step: StepView, index: number): string[] {
  const undone = step.undone === undefined ? '' : step.undone ? ' It was taken back.' : ' It could not be taken back.';
  return [
    `${index + 1}. **${plain(step.inWords)}** (${step.action}) at ${time(step.startedAt)}, by ${plain(step.by)}: ` +
      `${step.outcome} after ${seconds(step.startedAt, step.endedAt)}.${undone}`,
    `   - why: ${plain(step.reason)}`,
    `   - said: ${plain(step.said || '–')}`,
  ];
}
