import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../../common/errors.js';
import { problemOf, PROBLEMS, problemType } from './problem.js';

const PAGE = readFileSync(resolve(import.meta.dirname, '../../../docs/errors.md'), 'utf8');

interface Section {
  status: number;
  title: string;
  when: string;
  whatToDo: string;
}

/** The sections of docs/errors.md in their order: code, `**status** title`, when, what to do. */
function documented(): [string, Section][] {
  return PAGE.split(/^## /m)
    .slice(1)
    .map((section) => {
      const [code = '', kind = '', when = '', whatToDo = ''] = section.split('\n\n').map((part) => part.trim());
      const [, status, title = ''] = /^\*\*(\d{3})\*\* (.+)$/.exec(kind) ?? [];
      return [code, { status: Number(status), title, when, whatToDo }];
    });
}

describe('docs/errors.md', () => {
  it('has a section for every code and none for another, with its status and title', () => {
    const sections = documented();
    expect(sections.map(([code]) => code)).toEqual(Object.values(ErrorCode));
    const kinds = Object.fromEntries(sections.map(([code, { status, title }]) => [code, { status, title }]));
    expect(kinds).toEqual(PROBLEMS);
  });

  it('says of every code when it comes and what to do', () => {
    for (const [code, { when, whatToDo }] of documented()) {
      expect(when, code).toMatch(/^[A-Z].*\.\)?$/s);
      expect(whatToDo, code).toMatch(/^\*\*What to do:\*\* .+\.$/s);
    }
  });

  it('shows a problem as it is answered', () => {
    const example: unknown = JSON.parse(/```json\n(.*?)```/s.exec(PAGE)?.[1] ?? '');
    expect(example).toEqual(
      problemOf(ErrorCode.ValidationFailed, 'The request has fields that cannot be used.', {
        requestId: '961229b0-0f81-46e5-9c33-c1fafb852673',
        places: [
          { pointer: '/limit', detail: 'is no parameter of store-uptime; known are: now, store_ids, interpolation' },
        ],
      }),
    );
  });
});

describe('problemOf', () => {
  it('leaves out the places when there are none', () => {
    const problem = problemOf(ErrorCode.RunNotFound, 'There is no run 1.', { requestId: 'r1', places: [] });
    expect(problem).toEqual({
      type: problemType(ErrorCode.RunNotFound),
      title: 'There is no such run',
      status: 404,
      detail: 'There is no run 1.',
      code: 'run-not-found',
      request_id: 'r1',
    });
  });

  it('answers every code with a status of an error', () => {
    for (const code of Object.values(ErrorCode)) expect(PROBLEMS[code].status, code).toBeGreaterThanOrEqual(400);
  });
});
