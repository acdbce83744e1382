// Says at the end of a run what was skipped and why, then counts on one plain line that any CI can read.

import type { Reporter, TestModule } from 'vitest/node';

export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const count = { passed: 0, failed: 0, skipped: 0 };
    const skipped: string[] = [];
    for (const module of modules) {
      let tests = 0;
      for (const test of module.children.allTests()) {
        tests++;
        const result = test.result();
        if (result.state === 'passed') count.passed++;
        else if (result.state === 'failed') count.failed++;
        else {
          count.skipped++;
          const reason = result.state === 'skipped' ? result.note : undefined;
          skipped.push(`skipped: ${module.relativeModuleId} > ${test.fullName}${reason ? ` (${reason})` : ''}`);
        }
      }
      // A file that broke before its tests could be counted is a failure of its own.
      if (module.errors().length > 0 && tests === 0) count.failed++;
    }
    for (const line of skipped) console.log(line);
    console.log(`\n${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
  }
}
