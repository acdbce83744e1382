// Writes docs/cli.md from the program itself. Run it after changing a command; a test tells when it was forgotten.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { completeProgram, referenceOf } from '../daemon/cli/reference.ts';

writeFileSync(join(import.meta.dirname, '../docs/cli.md'), referenceOf(await completeProgram()));
