// What people are asked now, first of all on the page, with the way to each one's story.

import { useRef, useState } from 'preact/hooks';
import type { QuestionView } from '../../../daemon/view/incident-schema.ts';
import { Time } from '../parts/time.tsx';
import { Question } from './question.tsx';

export function Questions({ questions }: { questions: readonly QuestionView[] }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const [isTaken, setTaken] = useState(false);
  const taken = (): void => {
    setTaken(true);
    // The button that had the focus goes with its question.
    heading.current?.focus();
  };
  return (
    <section>
      <h2 ref={heading} tabIndex={-1}>
        {questions.length === 0 ? 'You are asked nothing' : 'You are asked'}
      </h2>
      <p role="status">{isTaken && 'Your answer was taken.'}</p>
      {questions.length > 0 && (
        <ul class="asked">
          {questions.map((question) => (
            <li key={question.id}>
              <Question question={question} onAnswered={taken} />
              <p class="muted">
                Asked <Time at={question.askedAt} />, until <Time at={question.expiresAt} />.{' '}
                <a href={`#/healing/${encodeURIComponent(question.incident)}`}>What was seen and done</a>
              </p>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
