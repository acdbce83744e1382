// Jobs: all of them and who works on them, or one of them in full.

import { JobList } from '../jobs/job-list.tsx';
import { JobPage } from '../jobs/job-page.tsx';
import '../jobs/jobs.css';
import { Submit } from '../jobs/submit.tsx';
import { Workers } from '../jobs/workers.tsx';
import { item } from '../router.ts';

export function Jobs() {
  const id = item.value;
  if (id !== '') return <JobPage key={id} id={id} />;
  return (
    <>
      <h1>Jobs</h1>
      <section>
        <JobList />
      </section>
      <section>
        <h2>Submit a job</h2>
        <Submit />
      </section>
      <Workers />
    </>
  );
}
