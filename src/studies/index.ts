import { alignmentCifar } from './alignment-cifar.js';
import { alignmentLearned } from './alignment-learned.js';
import { alignment } from './alignment.js';
import { omniglot, omniglotConv } from './omniglot.js';
import { onlineMnist } from './online-mnist.js';
import { pool } from './pool.js';
import { rules } from './rules.js';
import { sine } from './sine.js';
import type { Study } from './study.js';

/** Studies by name. */
export const STUDIES: Readonly<Record<string, Study>> = Object.fromEntries(
  [
    pool,
    onlineMnist,
    alignment,
    alignmentCifar,
    alignmentLearned,
    sine,
    omniglot,
    omniglotConv,
    rules,
  ].map(study => [study.name, study]),
);
